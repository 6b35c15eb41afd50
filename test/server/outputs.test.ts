/** Outputs above 256 KB: shown truncated wherever GraphQL shows them, and whole at /output. */
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const limit = 256 * 1024

/** By their size in bytes, from just small enough on. A smiley has 4 bytes, and a quotation mark is escaped. */
const outputs: Record<string, Json> = {
  small: { answer: 42 },
  null: null,
  'as large as can be shown': 'x'.repeat(limit - 2),
  'a byte larger': 'x'.repeat(limit - 1),
  'cut between two characters': `abc${'😀'.repeat(limit / 4)}`,
  'of other characters': 'ä"\n'.repeat(limit / 4),
  'an object': { list: Array.from({ length: 60_000 }, (_, n) => n) },
  'of several parts': `${'€😀x'.repeat(1_000_000)}`,
}
const names = Object.keys(outputs)

let t: TestServer
let runs: string[]
beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'output', run: (name: string) => outputs[name] ?? null }] })
  const datasetId = await seedDataset(t, names)
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'output' })
  await t.startWorker()
  runs = []
  for (const _ of [1, 2]) {
    const { id } = await startRun(t.services, t.scope, { experimentId })
    await followRun(t, id)
    runs.push(encodeGlobalId('Run', id))
  }
})
afterAll(() => t[Symbol.asyncDispose]())

interface Item {
  id: string
  input: string
  output: Json
  outputBytes: number
  outputTruncated: boolean
}

const fields = 'id input output outputBytes outputTruncated'

/** The JSON of an output as PostgreSQL writes it. */
async function textOf(output: Json): Promise<string> {
  const { rows } = await t.db.pool.query('SELECT $1::jsonb::text AS text', [JSON.stringify(output)])
  return rows[0].text
}

async function itemsOf(runId = runs[0]): Promise<Item[]> {
  const items: Item[] = []
  for (let after: string | null = null; ; ) {
    const query = `query ($id: ID!, $after: String) { node(id: $id) { ... on Run { items(first: 20, after: $after) {
      nodes { ${fields} } pageInfo { endCursor hasNextPage } } } } }`
    const { data, errors } = await t.query(query, { id: runId, after })
    expect(errors).toBeUndefined()
    items.push(...data.node.items.nodes)
    if (!data.node.items.pageInfo.hasNextPage) return items
    after = data.node.items.pageInfo.endCursor
  }
}

async function itemNamed(name: string, runId = runs[0]): Promise<Item> {
  const item = (await itemsOf(runId)).find(({ input }) => input === name)
  if (!item) throw new Error(`no item ${name}`)
  return item
}

async function expectShown(item: Item) {
  const output = outputs[item.input] ?? null
  const text = await textOf(output)
  const bytes = Buffer.byteLength(text)
  expect([item.input, item.outputBytes, item.outputTruncated]).toEqual([item.input, bytes, bytes > limit])
  if (!item.outputTruncated) return expect(item.output).toEqual(output)
  const shown = String(item.output)
  expect(text.startsWith(shown)).toBe(true)
  const length = Buffer.byteLength(shown)
  // Not more than two characters less than fits.
  expect(length).toBeLessThanOrEqual(limit)
  expect(length).toBeGreaterThan(limit - 8)
}

async function events<Event>(query: string, variables: Record<string, unknown>): Promise<Event[]> {
  const found: Event[] = []
  for await (const { data, errors } of createClient({ url: `${t.url}/graphql` }).iterate({ query, variables })) {
    expect(errors).toBeUndefined()
    found.push(data as Event)
  }
  return found
}

test('pages show outputs above 256 KB truncated between two characters, with their size', async () => {
  const items = await itemsOf()
  expect(items.map(({ input }) => input).sort()).toEqual(names.toSorted())
  for (const item of items) await expectShown(item)
  expect(items.filter((item) => item.outputTruncated)).toHaveLength(5)
})

test('nodes, feeds and comparisons show the same as pages', async () => {
  const items = new Map((await itemsOf()).map((item) => [item.id, item]))
  for (const item of items.values()) {
    const { data } = await t.query(`query ($id: ID!) { node(id: $id) { ... on RunItem { ${fields} } } }`, {
      id: item.id,
    })
    expect(data.node).toEqual(item)
  }
  const batches = await events<{ runFeed: { items: Item[] } }>(
    `subscription ($id: ID!) { runFeed(runId: $id) { items { ${fields} } } }`,
    { id: runs[0] },
  )
  const followed = new Map(batches.flatMap(({ runFeed }) => runFeed.items).map((item) => [item.id, item]))
  expect(followed).toEqual(items)

  const cells = `cells { items { ${fields} } }`
  const compared = await t.query(
    `query ($a: ID!, $b: ID!) { compareRuns(baselineId: $a, candidateIds: [$b]) { rows(first: 20) { nodes { ${cells} } } } }`,
    { a: runs[0], b: runs[1] },
  )
  const changes = await events<{ comparisonFeed: { rows: { cells: { items: Item[] }[] }[] } }>(
    `subscription ($a: ID!, $b: ID!) { comparisonFeed(baselineId: $a, candidateIds: [$b]) { rows { ${cells} } } }`,
    { a: runs[0], b: runs[1] },
  )
  const rows = [
    ...compared.data.compareRuns.rows.nodes,
    ...changes.flatMap(({ comparisonFeed }) => comparisonFeed.rows),
  ]
  expect(rows.length).toBeGreaterThan(names.length)
  for (const { cells } of rows) {
    const [item] = cells[0].items
    expect(item).toEqual(items.get(item.id))
  }
})

test('outputs recorded before their size was stored are shown the same', async () => {
  const items = await itemsOf(runs[1])
  await t.db.pool.query('UPDATE run_item SET output_bytes = NULL WHERE run_id = $1', [
    Buffer.from(runs[1] ?? '', 'base64url')
      .toString()
      .slice('Run:'.length),
  ])
  expect(await itemsOf(runs[1])).toEqual(items)
})

test('an item without an output has no size', async () => {
  const { id } = await itemNamed('small')
  const [runId, ordinal] = Buffer.from(id, 'base64url').toString().slice('RunItem:'.length).split(':')
  const fail = `UPDATE run_item SET status = 'FAILED', output = NULL, output_bytes = NULL WHERE run_id = $1 AND ordinal = $2`
  await t.db.pool.query(fail, [runId, ordinal])
  const { data } = await t.query(`query ($id: ID!) { node(id: $id) { ... on RunItem { ${fields} } } }`, { id })
  expect(data.node).toMatchObject({ output: null, outputBytes: null, outputTruncated: false })
  expect((await fetch(`${t.url}/output/${id}`)).status).toBe(404)
})

test('outputs of which only the beginning is known are not compared', async () => {
  const { data, errors } = await t.query(
    `query ($a: ID!, $b: ID!) { compareRuns(baselineId: $a, candidateIds: [$b]) { rows(first: 20) { nodes {
      cells { outputDiff { kind } items { outputTruncated status } } } } } }`,
    { a: runs[0], b: runs[1] },
  )
  const candidates = data.compareRuns.rows.nodes.map(
    ({ cells }: { cells: { items: Item[]; outputDiff: unknown }[] }) => cells[1],
  )
  const truncated = candidates.filter(({ items }: { items: Item[] }) => items[0]?.outputTruncated)
  expect(truncated.length).toBeGreaterThan(2)
  expect(errors).toHaveLength(truncated.length)
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/^Expected outputs of at most 256 KB to compare, got one of [\d,]+ KB\./),
    path: expect.arrayContaining(['outputDiff']),
    extensions: { code: 'LIMIT' },
  })
  for (const { outputDiff, items } of candidates) if (items[0].outputTruncated) expect(outputDiff).toBeNull()
})

describe('GET /output', () => {
  test.each(names)('gives the whole output: %s', async (name) => {
    const { id, outputBytes } = await itemNamed(name, runs[1])
    const response = await fetch(`${t.url}/output/${id}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('content-length')).toBe(String(outputBytes))
    expect(await response.json()).toEqual(outputs[name])
  })

  test('answers HEAD with the size alone', async () => {
    const { id, outputBytes } = await itemNamed('of several parts')
    const response = await fetch(`${t.url}/output/${id}`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe(String(outputBytes))
    expect(await response.text()).toBe('')
  })

  test.each([
    ['an unknown item', encodeGlobalId('RunItem', '00000000-0000-0000-0000-000000000000:0')],
    ['what is no id', 'x'],
    ['the id of something else', encodeGlobalId('DatasetItem', '1')],
  ])('answers 404 for %s', async (_what, id) => {
    const response = await fetch(`${t.url}/output/${id}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
      message: `Expected the id of a run item of this project with an output, got "${id}".`,
    })
  })

  test('is counted under a label of its own', async () => {
    const { id } = await itemNamed('small', runs[1])
    await (await fetch(`${t.url}/output/${id}`)).text()
    expect(await (await fetch(`${t.url}/metrics`)).text()).toContain('route="/output"')
  })

  // The last test: from the first key on every request needs one.
  test('needs a key of the project', async () => {
    const { id } = await itemNamed('small', runs[1])
    const elsewhere = await t.db.prisma.project.create({ data: { name: 'elsewhere' } })
    const keyOf = async (projectId: string) => {
      const { key } = await createApiKey(t.db, await testScope(t.db, projectId), { name: 'k', role: 'READ' })
      return { authorization: `Bearer ${key}` }
    }
    const [own, foreign] = [await keyOf(t.scope.projectId), await keyOf(elsewhere.id)]
    const status = async (headers: Record<string, string>) => (await fetch(`${t.url}/output/${id}`, { headers })).status
    expect(await status(own)).toBe(200)
    expect(await status(foreign)).toBe(404)
    await expect.poll(() => status({})).toBe(401)
  })
})
