/** Requests that are small to send and large to answer: they are refused, bounded, or wait for each other. */
import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDataset } from '../../src/engine/datasets/datasets.ts'
import { ExpensiveOperations } from '../../src/server/limits/expensive-operations.ts'
import { threadClock } from '../helpers/heavy-work.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const times = (count: number, part: (n: number) => string) => Array.from({ length: count }, (_, n) => part(n)).join(' ')

test.each([
  ['elements of the wrong type', { tags: Array.from({ length: 100_000 }, () => ({})) }],
  ['unknown fields', { tags: Array.from({ length: 20_000 }, () => ({ ['x'.repeat(100)]: 1 })) }],
])('100,000 %s in variables cost little and are listed in part', async (_what, variables) => {
  const worked = threadClock()
  const { errors } = await t.query(
    'query ($tags: [String!]) { datasets(first: 1) { nodes { items(filter: { tags: $tags }) { nodes { id } } } } }',
    variables,
  )
  expect(worked()).toBeLessThan(100)
  expect(errors?.length).toBeLessThanOrEqual(6)
  expect(JSON.stringify(errors).length).toBeLessThan(10_000)
})

test('a wrong variable of megabytes is not sent back', async () => {
  const { errors } = await t.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: [{ text: 'x'.repeat(3_000_000) }],
  })
  expect(errors?.[0]?.message).toMatch(/^Variable "\$ids" got invalid value/)
  expect(JSON.stringify(errors).length).toBeLessThan(10_000)
})

test('many comparisons in one document are refused for the work they take', async () => {
  const query = `{ ${times(45, (n) => `a${n}: compareRuns(candidateIds: ["x"]) { metrics { delta } }`)} }`
  expect((await t.query(query)).errors?.[0]?.message).toMatch(
    /takes work worth 90,000, together 90,495; the limit is 50,000/,
  )
})

test('a page of a comparison takes work only where a filter or an order is given', async () => {
  const refused = async (args: string, variables?: object) => {
    const declared = variables ? '($filter: ComparisonFilter, $orderBy: ComparisonOrder)' : ''
    const rows = `compareRuns(candidateIds: ["x"]) { rows(first: 1, ${args}) { nodes { datasetItem { id } } } }`
    const { errors } = await t.query(`query ${declared} { ${times(45, (n) => `a${n}: ${rows}`)} }`, variables)
    const codes = new Set(errors?.map(({ extensions }) => extensions?.code))
    expect(['LIMIT', 'INVALID_INPUT']).toEqual(expect.arrayContaining([...codes]))
    return codes.has('LIMIT')
  }
  const given = 'filter: $filter, orderBy: $orderBy'
  expect(await refused('')).toBe(false)
  expect(await refused('filter: null, orderBy: null')).toBe(false)
  expect(await refused(given, {})).toBe(false)
  expect(await refused(given, { filter: {} })).toBe(false)
  expect(await refused('filter: { tags: null }')).toBe(false)
  expect(await refused('filter: { failedInOne: true }')).toBe(true)
  expect(await refused(given, { filter: { tags: ['a'] } })).toBe(true)
  expect(await refused(given, { orderBy: { field: 'CHANGE', metric: { latency: true } } })).toBe(true)
  expect(await refused('orderBy: { field: CHANGE, metric: { latency: true } }')).toBe(true)
})

test('the gate of every run of a page of the default size may be asked for', async () => {
  const gates = (args: string) =>
    `{ runs${args} { nodes { name status gate { status checks { rule passed reason } } } } }`
  expect((await t.query(gates(''))).errors).toBeUndefined()
  expect((await t.query(gates('(first: 25)'))).errors).toMatchObject([{ extensions: { code: 'LIMIT' } }])
})

test('many searches in one document are refused for the work they take', async () => {
  const query = `{ runs(first: 100) { nodes { items(filter: { search: "x" }) { nodes { id } } } } }`
  expect((await t.query(query)).errors?.[0]?.message).toMatch(
    /takes work worth 100,000, together 104,200; the limit is 50,000/,
  )
})

test('counting what a search finds is another search; counting rows is paid for by the row, once a list', async () => {
  const searches = (counts: number) =>
    `{ datasets(first: 20) { nodes { items(filter: { search: "x" }) { ${times(counts, (n) => `a${n}: countUpTo(limit: ${n + 1})`)} } } } }`
  expect((await t.query(searches(1))).errors).toBeUndefined()
  expect((await t.query(searches(2))).errors?.[0]?.message).toMatch(
    /takes work worth 60,000, together [0-9,]+; the limit is 50,000/,
  )
  const counts = (limit: number) =>
    `{ datasets(first: 100) { nodes { items(first: 1) { nodes { id } ${times(40, (n) => `a${n}: countUpTo(limit: ${limit})`)} } } } }`
  expect((await t.query(counts(100))).errors).toBeUndefined()
  expect((await t.query(counts(1_000))).errors?.[0]?.message).toMatch(
    /could return 80,400 objects; the limit is 50,000/,
  )
  expect((await t.query('{ projects(first: 20) { nodes { counts { runs } } } }')).errors).toBeUndefined()
  expect((await t.query('{ projects(first: 100) { nodes { counts { runs } } } }')).errors).toHaveLength(1)
})

test('a long text is not looked for', async () => {
  for (const list of ['datasets', 'runs', 'experiments', 'evaluators', 'endpointLimits']) {
    const { errors } = await t.query(`{ ${list}(filter: { search: "${'x'.repeat(257)}" }) { nodes { id } } }`)
    expect(errors?.[0]?.message).toBe('Expected a text of at most 256 characters, got 257.')
  }
})

test('the length of a text is that of what was given, not of how JSON writes it', async () => {
  await createDataset(t.services, t.scope, { name: 'quotes' })
  const query =
    'query ($search: String) { dataset(name: "quotes") { items(filter: { search: $search }) { nodes { key } } } }'
  expect((await t.query(query, { search: '"'.repeat(256) })).errors).toBeUndefined()
  const { errors } = await t.query(query, { search: '"'.repeat(257) })
  expect(errors?.[0]?.message).toBe('Expected a text of at most 256 characters, got 257.')
})

test('introspection counts like everything else: once is fine, by aliases it is refused', async () => {
  expect((await t.query(getIntrospectionQuery())).errors).toBeUndefined()
  const types = `types { fields { args { type { name } } type { name fields { name } } } }`
  const query = `{ __schema { ${times(45, (n) => `a${n}: ${types}`)} } }`
  expect((await t.query(query)).errors?.[0]?.message).toMatch(/objects; the limit is 50,000/)
  const many = `{ __schema { ${times(51, (n) => `a${n}: queryType { name }`)} } }`
  expect((await t.query(many)).errors?.[0]?.message).toMatch(/51 aliases; the limit is 50/)
})

test('an answer of more than 16 MB is an error that says so', async () => {
  const create = `mutation ($metadata: JSON) { createDataset(input: { name: "large", metadata: $metadata }) { __typename } }`
  await t.query(create, { metadata: { text: 'x'.repeat(500_000) } })
  const { data, errors } = await t.query(`{ datasets { nodes { ${times(40, (n) => `a${n}: metadata`)} } } }`)
  expect(data ?? null).toBeNull()
  expect(errors?.[0]?.message).toBe('This answer is larger than 16 MB; ask for fewer rows or fields, or use an export.')
  expect(errors?.[0]?.extensions).toEqual({ code: 'LIMIT' })
})

const nest = (open: string, close: string, depth: number, inside = '1') =>
  open.repeat(depth) + inside + close.repeat(depth)

test.each([
  ['lists', `mutation { createDataset(input: { name: "x", metadata: ${nest('[', ']', 2_400)} }) { __typename } }`],
  ['objects', `mutation { createDataset(input: { name: "x", metadata: ${nest('{a:', '}', 1_200)} }) { __typename } }`],
  ['selections', nest('{a', '}', 2_400, '')],
  ['list types', `query ($x: ${nest('[', ']', 2_400, 'Int')}) { viewer { role } }`],
  ['a fragment within fragments', `{ viewer { ${nest('... on Viewer { ', '}', 1_200, 'role')} } }`],
])('thousands of nested %s are a mistake of the document, not a defect', async (_what, query) => {
  const { status, ...answer } = await t.query(query)
  expect(JSON.stringify(answer)).not.toMatch(/on our side/)
  expect(status).toBeLessThan(500)
})

test.each([2_400, 200_000])('a variable of %i nested lists is a mistake of the caller, not a defect', async (depth) => {
  const query = 'mutation ($metadata: JSON) { createDataset(input: { name: "x", metadata: $metadata }) { __typename } }'
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(query)},"variables":{"metadata":${nest('[', ']', depth)}}}`,
  })
  expect(await response.text()).not.toMatch(/on our side/)
  expect(response.status).toBeLessThan(500)
})

test('expensive operations take turns: two of a caller at once, the next caller before the third', async () => {
  const operations = new ExpensiveOperations()
  const { signal } = new AbortController()
  const order: string[] = []
  const run = async (caller: string) => {
    const leave = await operations.enter(caller, signal)
    order.push(caller)
    return leave
  }
  const first = await Promise.all([run('a'), run('a')])
  const third = run('a')
  const other = await run('b')
  expect(order).toEqual(['a', 'a', 'b'])
  first[0]?.()
  await third
  expect(order).toEqual(['a', 'a', 'b', 'a'])
  other()
})

test('a caller whose queue is full is told so', async () => {
  const operations = new ExpensiveOperations()
  const gone = new AbortController()
  const entered = Array.from({ length: 52 }, () => operations.enter('a', gone.signal))
  await expect(operations.enter('a', gone.signal)).rejects.toThrow(
    /at most 2 comparisons or searches at once and 50 waiting/,
  )
  gone.abort(new Error('gone'))
  expect((await Promise.allSettled(entered)).filter(({ status }) => status === 'rejected')).toHaveLength(50)
})

test('the cost of a document follows its variables, whatever they were before', async () => {
  const query = `query ($n: Int) { runs(first: $n) { nodes { items(first: 100) { nodes { scores { id } } } } } }`
  expect((await t.query(query, { n: 1 })).errors).toBeUndefined()
  expect((await t.query(query, { n: 100 })).errors?.[0]?.message).toMatch(/objects; the limit is 50,000/)
  expect((await t.query(query, { n: 1 })).errors).toBeUndefined()
})

test('errors of variables say where in them the input is', async () => {
  const query = 'mutation ($input: SetGateInput!) { setGate(input: $input) { __typename } }'
  const rule = (metric: object) => ({ metric, value: 1 })
  const minMeans = [rule({ score: { name: 'a' } }), rule({}), rule({ score: { name: 7 } })]
  const wrong = await t.query(query, { input: { experimentId: 'x at "y"', gate: { minMeans } } })
  expect(wrong.errors?.map(({ extensions }) => extensions?.path)).toEqual([
    ['input', 'gate', 'minMeans', '1', 'metric'],
    ['input', 'gate', 'minMeans', '2', 'metric', 'score', 'name'],
  ])
  for (const variables of [{}, { input: null }]) {
    expect((await t.query(query, variables)).errors?.[0]?.extensions).toMatchObject({
      code: 'INVALID_INPUT',
      path: ['input'],
    })
  }
})
