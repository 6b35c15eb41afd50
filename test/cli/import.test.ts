import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type AssayProcess, startProcess } from '../../src/cli/assay-process.ts'
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts'
import { ask, makeTemporary, spawnAssay } from '../helpers/spawn-assay.ts'

let database: TestDatabase
let assay: AssayProcess
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  assay = await startProcess({
    log: pino({ level: 'silent' }),
    databaseUrl: database.url,
    dataDir: '',
    config: null,
    slots: null,
    http: { host: '127.0.0.1', port: 0 },
  })
  url = assay.url ?? ''
})

afterAll(async () => {
  await assay?.stop()
  await database?.drop()
})

async function fileOf(name: string, content: string): Promise<string> {
  const directory = await makeTemporary()
  await writeFile(join(directory, name), content)
  return join(directory, name)
}

async function importing(file: string, ...args: string[]) {
  const run = spawnAssay(['import', file, '--url', url, ...args])
  const status = await run.exited
  return { status, stdout: run.stdout, stderr: run.stderr }
}

async function itemsOf(dataset: string) {
  const data = await ask<{ dataset: { items: { nodes: unknown[] } } }>(
    url,
    `query ($dataset: String!) { dataset(name: $dataset) { items { nodes { key input expectedOutput metadata tags } } } }`,
    { dataset },
  )
  return data.dataset.items.nodes
}

test('a JSON Lines file becomes a dataset, and importing it again changes nothing', async () => {
  const file = await fileOf('two.jsonl', '{"input":"a","expectedOutput":1}\n{"input":"b","expectedOutput":2}\n')
  const first = await importing(file, '--dataset', 'two')
  expect(first).toMatchObject({
    status: 0,
    stdout:
      'Dataset "two" is at version 1: 2 added, 0 changed, 0 unchanged.\ninput ← input; expected ← expectedOutput\n',
  })
  const second = await importing(file, '--dataset', 'two')
  expect(second).toMatchObject({
    status: 0,
    stdout:
      'Dataset "two" is at version 1: 0 added, 0 changed, 2 unchanged.\ninput ← input; expected ← expectedOutput\n',
  })
})

test('CSV columns are mapped by name, and the remaining ones become metadata', async () => {
  const file = await fileOf('faq.csv', 'id,question,language,answer,source\n7,"Why,\nthen?",en,Because,manual\n')
  const args = ['--dataset', 'faq', '--input', 'question', 'language', '--expected', 'answer', '--key', 'id']
  expect((await importing(file, ...args)).status).toBe(0)
  expect(await itemsOf('faq')).toEqual([
    {
      key: '7',
      input: { question: 'Why,\nthen?', language: 'en' },
      expectedOutput: 'Because',
      metadata: { source: 'manual' },
      tags: [],
    },
  ])
})

test('standard input can be imported like a file', async () => {
  const run = spawnAssay(['import', '-', '--dataset', 'piped', '--url', url], { input: '[{"input":1},{"input":2}]' })
  expect(await run.exited).toBe(0)
  expect(await itemsOf('piped')).toHaveLength(2)
})

test('a bad file is refused with the line, the column, what was expected and what was found, and nothing is stored', async () => {
  const file = await fileOf('bad.jsonl', '{"input":"fine"}\n{"input":"a"\n{"question":"no input"}\n')
  const { status, stdout, stderr } = await importing(file, '--dataset', 'bad')
  expect(status).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/line 2, column \d+: expected .+, got .+/)
  expect(stderr).toMatch(/line 3, input: expected .+, got .+/)
  expect(stderr).not.toContain('    at ')
  expect(await ask(url, '{ dataset(name: "bad") { id } }')).toEqual({ dataset: null })
})

test('a large file that is invalid from the start is rejected while it is still being sent', async () => {
  const row = `{"input":"${'x'.repeat(1_000)}"}\n`
  const file = await fileOf('large.jsonl', `nonsense\n${row.repeat(20_000)}`)
  const { status, stderr } = await importing(file, '--dataset', 'large')
  expect(status).toBe(1)
  expect(stderr).toMatch(/line 1/)
})

test('without a server the command says how to start one', async () => {
  const file = await fileOf('some.jsonl', '{"input":1}\n')
  const port = await unusedPort()
  const run = spawnAssay(['import', file, '--dataset', 'some', '--url', `http://127.0.0.1:${port}`])
  expect(await run.exited).toBe(1)
  expect(run.stderr).toContain(
    `There is no Assay server at http://127.0.0.1:${port}. Start one with \`assay serve\`, or say with --url or ASSAY_URL where it is.`,
  )
})

test('a server that is not Assay is recognised', async () => {
  const other = createServer((request, response) => {
    request.resume()
    response.writeHead(404).end('<html>not here</html>')
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const file = await fileOf('some.jsonl', '{"input":1}\n')
  const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const run = spawnAssay(['import', file, '--dataset', 'some', '--url', otherUrl])
  expect(await run.exited).toBe(1)
  expect(run.stderr).toContain(`The server at ${otherUrl} is not an Assay server (status 404).`)
})

test('a missing file is named', async () => {
  const { status, stderr } = await importing('/nowhere/at-all.jsonl', '--dataset', 'x')
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'There is no file /nowhere/at-all.jsonl.\n' })
})

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((settle) => server.close(settle))
  return port
}
