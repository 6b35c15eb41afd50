/** The client as a package: what a project that depends on it gets. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../helpers/spawn-assay.ts'

const execute = promisify(execFile)

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object }

/** A project outside of this one, with nothing installed but the package. */
let project: string
let files: string[]
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'assay-client-'))
  const installed = join(project, 'node_modules/assay')
  await mkdir(installed, { recursive: true })
  await writeFile(join(installed, 'package.json'), JSON.stringify({ name: 'assay', type: 'module', exports }))
  await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module' }))
  await run([join(root, 'src/client/build.mjs'), join(installed, 'dist')], root)
  files = (await readdir(join(installed, 'dist'), { recursive: true })).filter((file) => /\.(js|d\.ts)$/.test(file))
})
afterAll(() => rm(project, { recursive: true, force: true }))

async function run(args: string[], cwd: string): Promise<void> {
  const ended = await execute(process.execPath, args, { cwd }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stdout, stderr }) => ({ code, output: `${stdout}${stderr}` }),
  )
  expect(ended).toEqual({ code: 0, output: '' })
}

test('it imports nothing but its own files, except for the matcher', async () => {
  expect(files.length).toBeGreaterThan(40)
  const imported = new Set<string>()
  for (const file of files.filter((file) => !file.startsWith('client/vitest.'))) {
    const text = await readFile(join(project, 'node_modules/assay/dist', file), 'utf8')
    for (const [, name = ''] of text.matchAll(/(?:from |import\()["']([^"']+)["']/g)) imported.add(name)
  }
  expect([...imported].filter((name) => !/^\.\.?\/.*\.js$/.test(name) && name !== 'assay/client')).toEqual([])
})

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])(
  'under tsc --strict with %s and %s the types of items and outputs reach task and evaluators',
  async (module, resolution) => {
    await writeFile(join(project, 'check.ts'), readFileSync(join(root, 'test/client/typed-program.ts'), 'utf8'))
    const tsconfig = {
      compilerOptions: {
        ...{ module, moduleResolution: resolution, target: 'es2022', lib: ['es2022', 'dom'], types: [] },
        ...{
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          skipLibCheck: false,
          noEmit: true,
        },
      },
      files: ['check.ts'],
    }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig))
    await run([join(root, 'node_modules/typescript/bin/tsc'), '-p', join(project, 'tsconfig.json')], project)
  },
)
