/** Large outputs: pages, batches and exports carry as many rows as weigh 4 MB, and none is lost. */
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { operationLimits } from '../../src/server/use-statement-scope.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const count = 40
const bytes = 250_000

let t: TestServer
let runs: string[]
beforeAll(async () => {
  t = await startTestServer()
  const datasetId = await seedDataset(
    t,
    Array.from({ length: count }, (_, n) => n),
  )
  const executions = Array.from({ length: count }, (_, item) => ({ item, output: `${item} ${'x'.repeat(bytes)}` }))
  runs = [await recordRun(t, datasetId, executions), await recordRun(t, datasetId, executions)].map((id) =>
    encodeGlobalId('Run', id),
  )
})
afterAll(() => t[Symbol.asyncDispose]())

test.each(['first', 'last'] as const)(
  'pages of large outputs are short, and following them gives every item: %s',
  async (which) => {
    const [cursor, more] =
      which === 'first' ? ['after', 'endCursor hasNextPage'] : ['before', 'startCursor hasPreviousPage']
    const query = `query ($id: ID!, $cursor: String) { node(id: $id) { ... on Run { items(${which}: 40, ${cursor}: $cursor) {
    nodes { id output } pageInfo { ${more} } } } } }`
    const seen = new Set<string>()
    let pages = 0
    let at: string | null = null
    for (;;) {
      const { data, errors } = await t.query(query, { id: runs[0], cursor: at })
      expect(errors).toBeUndefined()
      const { nodes, pageInfo } = data.node.items
      expect(nodes.length).toBeLessThan(count)
      for (const node of nodes) seen.add(node.output.split(' ')[0])
      pages += 1
      at = pageInfo.endCursor ?? pageInfo.startCursor
      if (!(pageInfo.hasNextPage ?? pageInfo.hasPreviousPage)) break
    }
    expect(seen.size).toBe(count)
    expect(pages).toBeGreaterThan(2)
  },
)

test('a large answer is written in steps, errors included, and is the same as a small one', async () => {
  const query = `query ($id: ID!) {
    node(id: $id) { ... on Run { items(first: 3) { nodes { output } } } }
    wrong: node(id: "wrong") { id }
  }`
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { id: runs[0] } }),
  })
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const text = await response.text()
  const { data, errors } = JSON.parse(text)
  expect(text).toBe(JSON.stringify({ data, errors }))
  for (const { output } of data.node.items.nodes) expect(output).toMatch(/^\d+ x{250000}$/)
  const small = await t.query('{ wrong: node(id: "wrong") { id } }')
  expect(errors).toMatchObject(
    small.errors?.map(({ message, path, extensions }) => ({ message, path, extensions })) ?? [],
  )
})

test('large scores shorten the pages that they are read with, and following these gives every item', async () => {
  const datasetId = await seedDataset(
    t,
    Array.from({ length: count }, (_, n) => n),
  )
  const run = await recordRun(
    t,
    datasetId,
    Array.from({ length: count }, (_, item) => ({ item, scores: { long: 1 } })),
  )
  await t.db.pool.query('UPDATE score SET comment = $2 WHERE run_id = $1', [run, 'x'.repeat(bytes)])
  const query = `query ($id: ID!, $after: String) { node(id: $id) { ... on Run { items(first: ${count}, after: $after) {
    nodes { id scores { name comment } } pageInfo { endCursor hasNextPage } } } } }`
  const seen: string[] = []
  for (let after: string | null = null; ; ) {
    const { data, errors } = await t.query(query, { id: encodeGlobalId('Run', run), after })
    expect(errors).toBeUndefined()
    const { nodes, pageInfo } = data.node.items
    expect(nodes.length).toBeLessThan(count / 2)
    for (const { id, scores } of nodes) seen.push(`${id} ${scores[0].name}`)
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage) break
  }
  expect(new Set(seen).size).toBe(count)
  expect(seen).toHaveLength(count)
})

test('a feed of large outputs delivers every item in several batches', async () => {
  const client = createClient({ url: `${t.url}/graphql` })
  const query = 'subscription ($runId: ID!) { runFeed(runId: $runId) { done items { id output } } }'
  const seen: string[] = []
  let batches = 0
  for await (const { data, errors } of client.iterate<{ runFeed: { items: { id: string; output: string }[] } }>({
    query,
    variables: { runId: runs[0] },
  })) {
    expect(errors).toBeUndefined()
    for (const { id } of data?.runFeed.items ?? []) seen.push(id)
    batches += 1
  }
  expect(new Set(seen).size).toBe(count)
  expect(seen).toHaveLength(count)
  expect(batches).toBeGreaterThan(2)
})

test('rows of a comparison with large outputs come in short pages', async () => {
  const query = `query ($baselineId: ID!, $ids: [ID!]!, $after: String) { compareRuns(baselineId: $baselineId, candidateIds: $ids) {
    rows(first: 40, after: $after) { nodes { datasetItem { id } cells { items { output } } } pageInfo { endCursor hasNextPage } } } }`
  const seen = new Set<string>()
  for (let after: string | null = null; ; ) {
    const { data, errors } = await t.query(query, { baselineId: runs[0], ids: [runs[1]], after })
    expect(errors).toBeUndefined()
    const { nodes, pageInfo } = data.compareRuns.rows
    expect(nodes.length).toBeLessThan(count)
    for (const { datasetItem } of nodes) seen.add(datasetItem.id)
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage) break
  }
  expect(seen.size).toBe(count)
})

test('the feed of a comparison of large outputs comes to its end', async () => {
  const client = createClient({ url: `${t.url}/graphql` })
  const query = `subscription ($baselineId: ID!, $ids: [ID!]!) { comparisonFeed(baselineId: $baselineId, candidateIds: $ids) {
    done rows { datasetItem { id } cells { items { output } } } } }`
  const seen = new Set<string>()
  for await (const { data, errors } of client.iterate<{ comparisonFeed: { rows: { datasetItem: { id: string } }[] } }>({
    query,
    variables: { baselineId: runs[0], ids: [runs[1]] },
  })) {
    expect(errors).toBeUndefined()
    for (const { datasetItem } of data?.comparisonFeed.rows ?? []) seen.add(datasetItem.id)
  }
  expect(seen.size).toBe(count)
})

test('an export of large outputs is complete', async () => {
  const id = runs[0]
  const lines = (await (await fetch(`${t.url}/export/runs/${id}.jsonl`)).text()).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).output.split(' ')[0])).toEqual(
    Array.from({ length: count }, () => expect.any(String)),
  )
})

test('more rows than a request may read are refused with the limit', async () => {
  const { readBytes } = operationLimits
  operationLimits.readBytes = 2 * 1024 * 1024
  onTestFinished(() => {
    operationLimits.readBytes = readBytes
  })
  const query =
    'query ($id: ID!) { node(id: $id) { ... on Run { items(first: 40) { nodes { output scores { name } } } } } }'
  const { errors } = await t.query(query, { id: runs[0] })
  expect(errors).toMatchObject([
    { message: expect.stringContaining('reads more than 2 MB of data'), extensions: { code: 'LIMIT' } },
  ])
})

test('an event of more than 16 MB is an error that says so', async () => {
  const outputs = Array.from({ length: 10 }, (_, n) => `output${n}: output`).join(' ')
  const query = `subscription ($runId: ID!) { runFeed(runId: $runId) { items { ${outputs} } } }`
  const events = createClient({ url: `${t.url}/graphql` }).iterate({ query, variables: { runId: runs[0] } })
  const { value } = await events.next()
  await events.return?.()
  expect(value).toMatchObject({
    errors: [{ message: expect.stringContaining('larger than 16 MB'), extensions: { code: 'LIMIT' } }],
  })
})
