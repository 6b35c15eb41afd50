/** Follows the README literally: extracts its examples and executes them. */
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildSchema, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { ask, makeTemporary, root, spawnAssay, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

const readme = await readFile(join(root, 'README.md'), 'utf8')

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  )
}

/** The only block of a language that contains a text. */
function block(language: string, containing: string): string {
  const [found, ...more] = blocks(language).filter((text) => text.includes(containing))
  if (!found || more.length > 0) throw new Error(`expected one ${language} block with ${containing}`)
  return found
}

/** The request body of the curl example. */
function curlBody(): { query: string } {
  return JSON.parse(/-d '([^']*)'/.exec(block('sh', 'curl'))?.[1] ?? '')
}

test('every GraphQL operation in the README is valid', async () => {
  const schema = buildSchema(await readFile(join(root, 'schema/schema.graphql'), 'utf8'))
  const inTypeScript = /const query = '([^']*)'/.exec(block('ts', 'graphql-ws'))?.[1] ?? ''
  const operations = [...blocks('graphql'), curlBody().query, inTypeScript]
  expect(operations).toHaveLength(6)
  for (const operation of operations) expect(validate(schema, parse(operation)), operation).toEqual([])
})

test('every file that the README links to exists', async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path)
  expect(links.length).toBeGreaterThan(4)
  for (const path of links) await access(join(root, path))
})

test('the example of the client runs as it is shown', async () => {
  const { url } = await spawnServer([], { cwd: await makeTemporary() })
  const client = join(root, 'src/client/index.ts')
  const program = block('js', 'assay/client')
    .replace("'assay/client'", `'${client}'`)
    .replace('http://127.0.0.1:4000', url)
  const file = join(await makeTemporary(), 'capitals.mjs')
  await writeFile(file, program)
  const spawned = spawnNode([file])
  expect(await spawned.exited, spawned.stderr).toBe(0)
  expect(spawned.stdout).toContain('correct: 0.667 (n = 3)')
})

test('following the README leads from a task to a finished run', async () => {
  const cwd = await makeTemporary()
  await writeFile(join(cwd, 'assay.config.ts'), block('ts', 'defineConfig'))
  await writeFile(
    join(cwd, 'questions.jsonl'),
    '{"input":"ab","expectedOutput":"AB"}\n{"input":"c","expectedOutput":"D"}\n',
  )
  const { url, process: server, exited } = await spawnServer([], { cwd })
  const env = { ASSAY_URL: url }
  const imported = spawnAssay(['import', 'questions.jsonl', '--dataset', 'questions'], { cwd, env })
  expect(await imported.exited).toBe(0)

  await ask(url, block('graphql', 'createEvaluator'))
  const { dataset } = await ask<{ dataset: { id: string } }>(url, '{ dataset(name: "questions") { id } }')
  const operation = block('graphql', 'module:').replace('<id of the dataset>', dataset.id)
  const { createExperiment } = await ask<{ createExperiment: { run: { id: string } } }>(url, operation)

  const { query } = curlBody()
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: query.replace('<id of the run>', createExperiment.run.id) }),
  })
  const events = await response.text()
  expect(events).toContain('"done":true')
  expect(events).toContain('"total":2,"succeeded":2,"failed":0')

  const run = spawnAssay(['run', 'first try', '--name', 'again'], { cwd, env })
  expect(await run.exited).toBe(0)
  expect(run.stdout).toMatch(/exact +│ 0\.500 ± 0\.500/)

  const { runs } = await ask<{ runs: { nodes: { name: string; progress: object }[] } }>(
    url,
    block('graphql', 'runs(first'),
  )
  expect(runs.nodes.map(({ progress }) => progress)).toEqual([
    { total: 2, succeeded: 2, failed: 0 },
    { total: 2, succeeded: 2, failed: 0 },
  ])
  server.kill('SIGTERM')
  expect(await exited).toBe(0)
})
