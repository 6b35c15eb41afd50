/** Invalid arguments are answered with a path and the expected value, never with an internal error. */
import { randomUUID } from 'node:crypto'
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

const base64 = (text: string) => Buffer.from(text).toString('base64url')
const run = encodeGlobalId('Run', randomUUID())
const experiment = encodeGlobalId('Experiment', randomUUID())

test.each(['', 'x', ':', 'Dataset', 'Nothing:1', 'constructor:1', '__proto__:1', '💥'])(
  'a global id made of %j is refused',
  async (text) => {
    const id = base64(text)
    const { errors } = await t.query('query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }', { id })
    const message = `Expected a global id as this API returns them in \`id\` fields, got "${id}".`
    const code = 'INVALID_INPUT'
    expect(errors).toMatchObject([
      { message, path: ['node'], extensions: { code, path: ['id'] } },
      { message, path: ['nodes', 0], extensions: { code, path: ['ids', '0'] } },
    ])
  },
)

test('a long id or cursor is not sent back whole', async () => {
  const text = 'A'.repeat(50_000)
  const query = `query ($id: ID!, $after: String) {
    node(id: $id) { id } runs(after: $after) { nodes { id } } experiments(filter: { datasetId: $id }) { nodes { id } }
  }`
  const { errors } = await t.query(query, { id: text, after: text })
  expect(errors).toHaveLength(3)
  expect(JSON.stringify(errors).length).toBeLessThan(2_000)
  const feed = await t.query('subscription ($after: String) { runsFeed(after: $after) { cursor } }', { after: text })
  expect(feed.errors).toHaveLength(1)
  expect(JSON.stringify(feed.errors).length).toBeLessThan(1_000)
})

test.each(['Dataset:1', 'Score:99999999999999999999', 'Score:-1', 'RunItem:x:1', `RunItem:${randomUUID()}:9999999999`])(
  'no row can have the id %s',
  async (text) => {
    expect(await t.query('query ($id: ID!) { node(id: $id) { id } }', { id: base64(text) })).toEqual({
      status: 200,
      data: { node: null },
    })
  },
)

test.each([
  [
    `{ runs(filter: { datasetId: "${run}" }) { nodes { id } } }`,
    'Expected the id of a Dataset, got that of a Run.',
    ['filter', 'datasetId'],
  ],
  [
    `{ runs(filter: { datasetId: "x" }) { nodes { id } } }`,
    'Expected the id of a Dataset, got "x".',
    ['filter', 'datasetId'],
  ],
  [
    `{ runs(filter: { experimentId: "x" }) { nodes { id } } }`,
    'Expected the id of an Experiment, got "x".',
    ['filter', 'experimentId'],
  ],
  [
    `{ runs(filter: { datasetId: "${experiment}" }) { nodes { id } } }`,
    'Expected the id of a Dataset, got that of an Experiment.',
    ['filter', 'datasetId'],
  ],
  [
    '{ runs(filter: { status: [DONE] }) { nodes { id } } }',
    'Value "DONE" does not exist in "RunStatus" enum.',
    undefined,
  ],
  ['{ runs(first: 3, last: 3) { nodes { id } } }', 'Expected either `first` or `last`, got both.', ['first']],
  ['{ runs(after: "x") { nodes { id } } }', 'Expected `after` to be a cursor of this list in this order', ['after']],
  ['{ dataset(name: "\\u0000") { id } }', 'got U+0000', ['name']],
  ['{ datasets(filter: { search: "\\u0000" }) { nodes { id } } }', 'got U+0000', ['filter', 'search']],
  [
    '{ runs(orderBy: { field: METRIC, metric: { score: { name: "\\u0000" } } }) { nodes { id } } }',
    'got U+0000',
    ['orderBy', 'metric', 'score', 'name'],
  ],
  [`subscription { runFeed(runId: "${run}", after: "\\u0000") { done } }`, 'got U+0000', ['after']],
])('%s is refused', async (query, message, path) => {
  const { errors } = await t.query(query)
  expect(errors).toMatchObject([{ message: expect.stringContaining(message), extensions: path ? { path } : {} }])
})

test.each([
  [`startRun(input: { experimentId: "${experiment}", idempotencyKey: "\\u0000" })`, ['input', 'idempotencyKey']],
  [
    'createEvaluator(input: { name: "e", datasetIds: null, definition: { builtin: { contains: { text: "\\u0000" } } } })',
    ['input', 'definition', 'builtin', 'contains', 'text'],
  ],
  [
    `setScore(input: { target: { runId: "${run}" }, name: "x", metadata: { a: ["\\u0000"] } })`,
    ['input', 'metadata', 'a', '0'],
  ],
])('%s is refused with a typed error', async (mutation, path) => {
  const { data } = await t.query(`mutation { result: ${mutation} { __typename ... on UserError { path } } }`)
  expect(data.result).toEqual({ __typename: 'InvalidInputError', path })
})

test('half of a surrogate pair is refused where it stands, in a text and inside of JSON', async () => {
  const half = '\ud83d'
  const { errors } = await t.query('query ($text: String) { datasets(filter: { search: $text }) { nodes { id } } }', {
    text: half,
  })
  const message = 'Expected text of whole characters, got half of a surrogate pair.'
  expect(errors).toMatchObject([{ message, extensions: { code: 'INVALID_INPUT', path: ['filter', 'search'] } }])
  const { data } = await t.query(
    'mutation ($input: SetScoreInput!) { setScore(input: $input) { __typename ... on UserError { message path } } }',
    { input: { target: { runId: run }, name: 'x', metadata: { a: [half] } } },
  )
  expect(data.setScore).toEqual({ __typename: 'InvalidInputError', message, path: ['input', 'metadata', 'a', '0'] })
})

test('a label that is too long to be counted is refused where it stands', async () => {
  const { data } = await t.query(
    'mutation ($input: SetScoreInput!) { setScore(input: $input) { __typename ... on UserError { path } } }',
    { input: { target: { runId: run }, name: 'x', label: 'é'.repeat(10_000) } },
  )
  expect(data.setScore).toEqual({ __typename: 'InvalidInputError', path: ['input', 'label'] })
})

test('a run may have more tokens than the maximum of an Int', async () => {
  const experimentId = await seedExperiment(t, await seedDataset(t, [1]), {
    kind: 'module',
    name: 'none',
  })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await t.db.prisma.run.update({ where: { id }, data: { inputTokens: 3_000_000_000n } })
  const query = 'query ($id: ID!) { node(id: $id) { ... on Run { stats { inputTokens outputTokens } } } }'
  for (const _time of ['interpreted', 'compiled']) {
    expect(await t.query(query, { id: encodeGlobalId('Run', id) })).toEqual({
      status: 200,
      data: { node: { stats: { inputTokens: 3_000_000_000, outputTokens: null } } },
    })
  }
})
