/**
 * What comes out is what went in, or a refusal with its place: random documents through imports, mutations, tasks,
 * evaluators, feeds and exports.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { seededRandom } from '../../src/domain/statistics/seeded-random.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { parseHttpTask } from '../../src/tasks/http.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type RandomDocument, randomDocuments } from './random-json.ts'

const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const count = Number(process.env.DOCUMENTS ?? 20_000)
process.stdout.write(`SEED=${seed} DOCUMENTS=${count}\n`)
const documents = randomDocuments(seededRandom(seed), count)
const keyOf = (index: number) => `d${index}`

let t: TestServer

beforeAll(async () => {
  t = await startTestServer(
    {
      tasks: [{ name: 'echo', run: (input) => input }],
      evaluators: [{ name: 'given', evaluate: ({ output }) => ({ value: 1, metadata: output }) }],
    },
    { open: true },
  )
  const definition = { kind: 'builtin', type: 'jsonEquals' }
  await createEvaluator(t.services, t.scope, { name: 'same', definition })
  await createEvaluator(t.services, t.scope, { name: 'given', definition: { kind: 'module', module: 'given' } })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

/** The same value, whichever zero it has. */
function plain(text: string): Json {
  return JSON.parse(text, (_key, value) => (value === 0 ? 0 : value))
}

/** What was stored of each document; null for the refused ones, which must have been allowed to be refused. */
function expectKept(stored: ReadonlyMap<string, string>, from: number, to: number): void {
  for (let index = from; index < to; index++) {
    const { text, mustBeKept } = documents[index] as RandomDocument
    const found = stored.get(keyOf(index))
    if (found === undefined) expect(mustBeKept, `SEED=${seed}, refused: ${text.slice(0, 500)}`).toBe(false)
    else expect(plain(found), `SEED=${seed}`).toEqual(plain(text))
  }
}

async function exported(path: string): Promise<Record<string, string>[]> {
  const response = await fetch(`${t.url}/export/${path}`)
  expect(response.status).toBe(200)
  return (await response.text())
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** What the feed of a run says over HTTP. */
async function fedOutputs(runId: string): Promise<{ position: number; output: Json }[]> {
  const query = `subscription { runFeed(runId: "${encodeGlobalId('Run', runId)}") { items { position output } done } }`
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  })
  const events = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'))
  return events.flatMap((line) => {
    const { data, errors } = JSON.parse(line.slice('data: '.length))
    expect(errors, `SEED=${seed}`).toBeUndefined()
    return data.runFeed.items
  })
}

const half = Math.floor(count / 2)

test('documents are imported as they are, or refused with their lines', async () => {
  const lines = documents
    .slice(0, half)
    .map(({ text }, index) => `{"key":"${keyOf(index)}","input":${text},"expected":${text}}`)
  const response = await fetch(`${t.url}/import/imported`, { method: 'POST', body: `${lines.join('\n')}\n` })
  const body = (await response.json()) as { problems?: { line: number; expected: string }[] }
  expect([200, 400, 422]).toContain(response.status)
  // All or none: what was refused is left out, and the rest imported again.
  let rest = lines.map((text, index) => ({ text, index }))
  for (let problems = body.problems ?? []; problems.length > 0; ) {
    for (const { line, expected } of problems) {
      expect(expected).toBeTruthy()
      expect(
        documents[rest[line - 1]?.index ?? -1]?.mustBeKept,
        `SEED=${seed}: ${rest[line - 1]?.text.slice(0, 500)}`,
      ).toBe(false)
    }
    const refused = new Set(problems.map(({ line }) => line - 1))
    rest = rest.filter((_, place) => !refused.has(place))
    const again = await fetch(`${t.url}/import/imported`, {
      method: 'POST',
      body: `${rest.map(({ text }) => text).join('\n')}\n`,
    })
    problems = ((await again.json()) as { problems?: { line: number; expected: string }[] }).problems ?? []
  }
  const { id } = await t.db.prisma.dataset.findFirstOrThrow({ where: { name: 'imported' } })
  const rows = await exported(`datasets/${encodeGlobalId('Dataset', id)}.jsonl`)
  expectKept(new Map(rows.map(({ key, input }) => [key as string, JSON.stringify(input)])), 0, half)
})

test('documents are upserted as they are, or refused with their paths', async () => {
  const { id } = await t.db.prisma.dataset.create({
    data: { projectId: t.scope.projectId, name: 'upserted', seed: 's' },
  })
  const datasetId = encodeGlobalId('Dataset', id)
  const query = `mutation ($input: UpsertDatasetItemsInput!) { upsertDatasetItems(input: $input) {
    __typename ... on UserError { path } } }`
  const upsert = async (indexes: number[]): Promise<void> => {
    if (indexes.length === 0) return
    const items = indexes.map((index) => {
      const { text } = documents[index] as RandomDocument
      return `{"key":"${keyOf(index)}","input":${text},"expectedOutput":${text}}`
    })
    const response = await fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"input":{"datasetId":"${datasetId}","items":[${items.join()}]}}}`,
    })
    const { data, errors } = (await response.json()) as {
      data?: { upsertDatasetItems: { __typename: string; path?: string[] } | null }
      errors?: { extensions: { code: string; path?: string[] } }[]
    }
    if (data?.upsertDatasetItems?.__typename === 'UpsertDatasetItemsPayload') return
    const path = data?.upsertDatasetItems?.path ?? errors?.[0]?.extensions.path
    expect(errors?.[0]?.extensions.code ?? 'INVALID_INPUT', JSON.stringify(errors)).toBe('INVALID_INPUT')
    // A large body that is too deep is refused before it is parsed.
    if (path?.[0] === 'body' && indexes.length > 1) {
      const middle = indexes.length >> 1
      await upsert(indexes.slice(0, middle))
      return upsert(indexes.slice(middle))
    }
    const place = path?.[0] === 'body' ? 0 : Number(path?.[path.indexOf('items') + 1])
    expect(place, JSON.stringify([data, errors])).toBeLessThan(indexes.length)
    const refused = documents[indexes[place] ?? -1]
    expect(refused?.mustBeKept, `SEED=${seed}: ${refused?.text.slice(0, 500)}`).toBe(false)
    await upsert(indexes.toSpliced(place, 1))
  }
  for (let from = half; from < count; from += 50) {
    await upsert(Array.from({ length: Math.min(50, count - from) }, (_, n) => from + n))
  }
  const rows = await exported(`datasets/${datasetId}.jsonl`)
  expectKept(new Map(rows.map(({ key, input }) => [key as string, JSON.stringify(input)])), half, count)
})

test.for(['imported', 'upserted'])(
  'a run over %s documents gives each back, and the evaluator finds them equal',
  async (name) => {
    const { id: datasetId } = await t.db.prisma.dataset.findFirstOrThrow({ where: { name } })
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' }, { concurrency: 50 })
    const { id } = await startRun(t.services, t.scope, { experimentId })
    const { items } = await followRun(t, id)
    const rows = await exported(`runs/${encodeGlobalId('Run', id)}.jsonl`)
    expect(rows).toHaveLength(items.size)
    for (const { key, input, output, status, scores } of rows as Record<string, never>[]) {
      const { text } = documents[Number(String(key).slice(1))] as RandomDocument
      expect([status, input, output].map((part) => plain(JSON.stringify(part)))).toEqual([
        'SUCCEEDED',
        plain(text),
        plain(text),
      ])
      if (plain(text) !== null)
        expect(scores, text.slice(0, 500)).toMatchObject([
          { name: 'given', value: 1, error: null },
          { name: 'same', value: 1, error: null },
        ])
    }
    const metadata = await t.db.pool.query<{ ordinal: number; metadata: string }>(
      `SELECT ordinal, metadata::text FROM score WHERE run_id = $1 AND name = 'given'`,
      [id],
    )
    expect(metadata.rows).toHaveLength(items.size)
    for (const { ordinal, metadata: text } of metadata.rows) {
      expect(plain(text ?? 'null'), `SEED=${seed}`).toEqual(plain(JSON.stringify(items.get(ordinal)?.output)))
    }
    const fed = await fedOutputs(id)
    for (const { position, output } of fed) {
      expect(plain(JSON.stringify(output)), `SEED=${seed}`).toEqual(plain(JSON.stringify(items.get(position)?.output)))
    }
    expect(fed).toHaveLength(items.size)
    const outputs = [...items.values()].map(({ output }) => JSON.stringify(output)).sort()
    expect(outputs).toEqual(rows.map(({ output }) => JSON.stringify(output)).sort())
  },
)

test('documents in cells of CSV are imported as they are, or refused with their lines', async () => {
  const few = Math.min(2_000, count)
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
  const rows = documents.slice(0, few).map(({ text }, index) => ({ index, line: `${keyOf(index)},${cell(text)}` }))
  for (let left = rows; ; ) {
    const response = await fetch(`${t.url}/import/cells?json=input`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: `key,input\n${left.map(({ line }) => line).join('\n')}\n`,
    })
    const { problems = [] } = (await response.json()) as { problems?: { line: number; expected: string }[] }
    if (problems.length === 0) break
    for (const { line } of problems) {
      const { text, mustBeKept } = documents[left[line - 2]?.index ?? -1] as RandomDocument
      expect(mustBeKept, `SEED=${seed}: ${text.slice(0, 500)}`).toBe(false)
    }
    const refused = new Set(problems.map(({ line }) => line - 2))
    left = left.filter((_, place) => !refused.has(place))
  }
  const { id } = await t.db.prisma.dataset.findFirstOrThrow({ where: { name: 'cells' } })
  const stored = await exported(`datasets/${encodeGlobalId('Dataset', id)}.jsonl`)
  expectKept(new Map(stored.map(({ key, input }) => [key as string, JSON.stringify(input)])), 0, few)
})

test('what an endpoint answers is the output as it is, or the item fails and says where', async () => {
  const few = Math.min(2_000, count)
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(`{"other":9007199254740993,"output":${documents[Number(url?.slice(1))]?.text}}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const datasetId = await seedDataset(
    t,
    documents.slice(0, few).map((_, index) => index),
  )
  const url = `http://127.0.0.1:${port}/{{input}}`
  const task = parseHttpTask({ kind: 'http', url, outputPath: '$.output' }, [])
  const experimentId = await seedExperiment(t, datasetId, task, { concurrency: 50, maxAttempts: 1 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items } = await followRun(t, id)
  server.close()
  const rows = await exported(`runs/${encodeGlobalId('Run', id)}.jsonl`)
  expect(rows).toHaveLength(items.size)
  for (const { input, output, status, error } of rows as Record<string, never>[]) {
    const { text, mustBeKept } = documents[Number(input)] as RandomDocument
    const what = `SEED=${seed}: ${text.slice(0, 500)}`
    if (status === 'SUCCEEDED') expect(plain(JSON.stringify(output)), what).toEqual(plain(text))
    else {
      expect([mustBeKept, (error as unknown as { code: string }).code], what).toEqual([
        false,
        expect.stringMatching(/^(INVALID_OUTPUT|MALFORMED_RESPONSE)$/),
      ])
    }
  }
})
