/** Requests that HTTP allows and nobody expects: answered as mistakes, without a word about our insides. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

async function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(t.url)
  const socket = connect(Number(port), hostname)
  socket.write(request)
  return text(socket)
}

const body = '{"query":"{ viewer { role } }"}'
const rest = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`

test.each(['localhost', 'localhost:4000'])(
  'a target that is a whole URL is answered like its path, with the Host "%s"',
  async (host) => {
    const answer = await raw(`POST http://elsewhere.example/graphql HTTP/1.1\r\nhost: ${host}\r\n${rest}`)
    expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*"role":"ADMIN"/)
  },
)

test.each(['a b', 'localhost:99999', '[::1', 'localhost/..', '%', 'user@', '\u00e9'])(
  'the Host "%s" is refused without a stack trace',
  async (host) => {
    const answer = await raw(`POST /graphql HTTP/1.1\r\nhost: ${host}\r\n${rest}`)
    expect(answer).toMatch(/^HTTP\/1.1 40[03] /)
    expect(answer).not.toMatch(/\.ts|\.js|node_modules|\n +at /)
  },
)

test.each([
  'http://',
  '//',
  'http://[',
  '*',
  'graphql',
  'http://x:99999/graphql',
  '/import/%ff',
  '/export/runs/%ff.csv',
])('the target "%s" is answered without a stack trace', async (target) => {
  const answer = await raw(`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1.1 4\d\d /)
  expect(answer).not.toMatch(/\.ts|\.js|node_modules|\n +at /)
})

test('pages of the same host under another scheme are refused', async () => {
  const ask = async (origin: string) =>
    (await fetch(`${t.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', origin }, body }))
      .status
  expect(await ask(t.url)).toBe(200)
  expect(await ask(t.url.replace('http:', 'https:'))).toBe(403)
  expect(await ask(t.url.replace('http:', 'ftp:'))).toBe(403)
})

test('no text of a CSV export begins as a formula, whatever spreadsheets skip in front of it', async () => {
  const texts = ['=1+1', '\n=1+1', '  =1+1', '＝1+1', '\ufeff=1', '\r@x', '\u200b+x', '\u00a0-x', '\tx', '－1+1']
  const id = await seedDataset(t, texts)
  const csv = await (await fetch(`${t.url}/export/datasets/${encodeGlobalId('Dataset', id)}.csv`)).text()
  for (const given of texts) expect(csv).toContain(`'${given}`)
})

test('a run has a name that can be shown, and as many items as the server allows', async () => {
  const datasetId = await seedDataset(t, [1, 2, 3])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'x' })
  const start = (more: object, maxRunItems?: number) =>
    startRun({ ...t.services, maxRunItems }, t.scope, { experimentId, ...more })
  for (const name of ['', '  ', 'x'.repeat(201), 'x'.repeat(1_000_000)]) {
    await expect(start({ name })).rejects.toThrow(/a name of 1 to 200 characters/)
  }
  await expect(start({}, 2)).rejects.toThrow(/at most 2 items, repetitions included/)
  await expect(start({ settings: { repetitions: 2 } }, 5)).rejects.toThrow(/at most 5 items/)
  expect(await start({ settings: { repetitions: 2 } }, 6)).toMatchObject({ total: 6 })
  expect(await start({ subset: { sample: 2 } }, 2)).toMatchObject({ total: 2 })
})

test('a run of 50 million items is refused before any is written', async () => {
  const datasetId = await seedDataset(t, [1])
  await t.db.pool.query(
    `WITH item AS (INSERT INTO dataset_item (dataset_id, identity) SELECT $1, 'n:' || n FROM generate_series(1, 25000) n RETURNING id)
     INSERT INTO dataset_item_revision (item_id, dataset_id, valid_from, input, tags, digest) SELECT id, $1, 1, '1', '{}', '' FROM item`,
    [datasetId],
  )
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'x' })
  await expect(startRun(t.services, t.scope, { experimentId, settings: { repetitions: 100 } })).rejects.toMatchObject({
    code: 'LIMIT',
    message: expect.stringContaining('at most 2,000,000 items'),
  })
})
