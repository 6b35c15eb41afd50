/** The items of a run by every order, direction and filter, against a plain SELECT of all of them. */
import { getNamedType, isLeafType, isObjectType } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { schema } from '../../../schema/index.ts'
import { encodeGlobalId, parseGlobalId } from '../../../src/domain/global-id.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { itemOrderLimits } from '../../../src/engine/runs/item-orders.ts'
import { setScore } from '../../../src/engine/scores.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { walk } from '../../helpers/pages.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { recordStatements } from '../../helpers/statements.ts'

let t: TestServer
let runId: string
let rows: Row[]

/** An item as the tables have it. */
interface Row {
  ordinal: number
  repetition: number
  status: string
  code: string | null
  attempts: number
  cached: boolean
  latency: number | null
  cost: number | null
  finished: Date | null
  tags: string[]
  metadata: { place: { country: string; n: number } } | null
  texts: (string | null)[]
  scores: { name: string; source: string; value: number | null; label: string | null; failed: boolean }[]
}

/** Two repetitions of 18 items, with ties and gaps in everything that can be ordered or filtered by. */
beforeAll(async () => {
  t = await startTestServer({}, { traceUrlTemplate: 'http://traces.example/{traceId}' })
  const inputs = Array.from({ length: 18 }, (_, n) => `question ${n}`)
  const datasetId = await seedDataset(t, inputs, {
    tags: (n) => ['even', 'third'].filter((_, i) => n % (i + 2) === 0),
    metadata: (n) => (n === 0 ? null : { place: { country: n % 3 === 1 ? 'CH' : 'DE', n } }),
  })
  const executions = inputs.flatMap((_, item) =>
    [0, 1].map((repetition): RecordedExecution => {
      const n = 2 * item + repetition
      const status = n % 7 === 3 ? 'FAILED' : n % 11 === 5 ? 'QUEUED' : 'SUCCEEDED'
      if (status !== 'SUCCEEDED')
        return { item, repetition, status, error: status === 'FAILED' ? `broke ${n}` : undefined }
      return {
        ...{ item, repetition, status, output: `answer ${n}` },
        latencyMs: n % 5 === 0 ? null : (n % 4) * 1.5,
        costUsd: n % 3 === 0 ? null : (n % 2) * 0.001,
        scores: {
          ...(n % 4 > 0 && { length: n % 8 === 6 ? null : (n % 3) / 3 }),
          ...(n % 5 > 0 && { right: n % 2 === 0 }),
          tone: ['kind', 'rude', 'terse'][n % 3] as string,
        },
      }
    }),
  )
  runId = await recordRun(t, datasetId, executions, { repetitions: 2 })
  await t.db.pool.query(
    `UPDATE run_item SET attempts = 1 + ordinal % 3, cached = ordinal % 4 = 1,
       finished_at = CASE WHEN ordinal % 6 > 0 THEN '2026-11-01Z'::timestamptz + ordinal % 5 * interval '1 min' END,
       error = CASE ordinal % 4 WHEN 0 THEN error || '{"code": "TIMEOUT"}' WHEN 2 THEN error || '{"code": "OWN"}' ELSE error END
     WHERE run_id = $1`,
    [runId],
  )
  // Some items have scores of people with the name of an evaluator, also of several.
  for (const ordinal of [1, 2, 10]) {
    await setScore(t.services, t.scope, { runId, ordinal, name: 'length', value: 0.9, source: 'HUMAN' })
    const scope = { ...t.scope, person: { ...t.scope.person, name: 'ann' } }
    await setScore(t.services, scope, { runId, ordinal, name: 'length', value: ordinal / 10, source: 'HUMAN' })
  }
  const found = await t.db.pool.query<Row>(
    `SELECT i.ordinal, i.repetition, i.status, i.error ->> 'code' AS code, i.attempts, i.cached, i.latency_ms AS latency,
            i.cost_usd AS cost, i.finished_at AS finished, v.tags, v.metadata,
            ARRAY[v.input #>> '{}', v.expected_output #>> '{}', i.output #>> '{}', i.error ->> 'message'] AS texts,
            (SELECT COALESCE(json_agg(json_build_object('name', name, 'source', source, 'value', value, 'label', label,
               'failed', error IS NOT NULL)), '[]') FROM score s WHERE s.run_id = i.run_id AND s.ordinal = i.ordinal) AS scores
     FROM run_item i JOIN dataset_item_revision v USING (item_id) WHERE i.run_id = $1`,
    [runId],
  )
  rows = found.rows
})
afterAll(() => t[Symbol.asyncDispose]())

const named = (row: Row, name: string, source = 'EVALUATOR') =>
  row.scores.filter((score) => score.name === name && score.source === source)

function meanOf(row: Row, name: string, source?: string): number | null {
  const values = named(row, name, source).flatMap(({ value }) => value ?? [])
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null
}

const isIn = (value: number | null, min: number, max = Number.POSITIVE_INFINITY) =>
  value !== null && value >= min && value <= max

const noState = { status: [] }

const filters: [filter: object | null, holds: (row: Row) => boolean][] = [
  [null, () => true],
  [{ status: ['FAILED', 'QUEUED'] }, ({ status }) => status !== 'SUCCEEDED'],
  [noState, () => false],
  [{ search: 'QUESTION 1' }, ({ texts }) => texts[0]?.startsWith('question 1') ?? false],
  [{ search: 'broke' }, ({ status }) => status === 'FAILED'],
  [{ tags: ['even', 'third'] }, ({ tags }) => tags.length === 2],
  [{ metadata: { place: { country: 'CH' } } }, ({ metadata }) => metadata?.place.country === 'CH'],
  [{ metadata: { place: { country: 'CH', n: 4 } } }, ({ metadata }) => metadata?.place.n === 4],
  [{ score: { name: 'length' } }, (row) => named(row, 'length').length > 0],
  [{ score: { name: 'length', min: 0.3, max: 0.8 } }, (row) => isIn(meanOf(row, 'length'), 0.3, 0.8)],
  [{ score: { name: 'length', source: 'HUMAN', max: 0.6 } }, (row) => isIn(meanOf(row, 'length', 'HUMAN'), 0, 0.6)],
  [{ score: { name: 'length', hasError: true } }, (row) => named(row, 'length').some(({ failed }) => failed)],
  [
    { score: { name: 'length', hasError: false } },
    (row) => named(row, 'length').length > 0 && !named(row, 'length').some(({ failed }) => failed),
  ],
  [{ score: { name: 'length', missing: true } }, (row) => row.status !== 'QUEUED' && named(row, 'length').length === 0],
  [{ score: { name: 'right', boolean: false } }, (row) => meanOf(row, 'right') === 0],
  [
    { score: { name: 'tone', labels: ['kind', 'terse'] } },
    (row) => named(row, 'tone').some(({ label }) => label !== 'rude'),
  ],
  [{ latencyMs: { min: 1.5 } }, ({ latency }) => isIn(latency, 1.5)],
  [{ costUsd: { max: 0 } }, ({ cost }) => isIn(cost, 0, 0)],
  [{ errorCode: ['TIMEOUT'] }, ({ code }) => code === 'TIMEOUT'],
  [{ errorCode: ['TASK_FAILED'] }, ({ code }) => code === 'TASK_FAILED' || code === 'OWN'],
  [{ attempts: { min: 2 } }, ({ attempts }) => attempts > 1],
  [{ cached: false, repetition: 1 }, ({ cached, repetition }) => !cached && repetition === 1],
  [{ positions: { from: 3, to: 8 } }, ({ ordinal }) => ordinal >= 6 && ordinal <= 17],
  [
    { status: ['SUCCEEDED'], tags: ['even'], search: 'answer', score: { name: 'right', boolean: true }, latencyMs: {} },
    (row) => row.status === 'SUCCEEDED' && row.tags.includes('even') && meanOf(row, 'right') === 1,
  ],
]

const orders: [field: string, score: string | null, value: (row: Row) => number | null, source?: string][] = [
  ['POSITION', null, () => 0],
  ['LATENCY', null, ({ latency }) => latency],
  ['COST', null, ({ cost }) => cost],
  ['FINISHED_AT', null, ({ finished }) => finished?.getTime() ?? null],
  ['SCORE', 'length', (row) => meanOf(row, 'length')],
  ['SCORE', 'length', (row) => meanOf(row, 'length', 'HUMAN'), 'HUMAN'],
  ['SCORE', 'tone', (row) => meanOf(row, 'tone')],
]

const cases = orders.flatMap(([field, score, value, source = null]) =>
  ['ASC', 'DESC'].map((direction) => ({ orderBy: { field, direction, score, source }, value })),
)

const document = `query($id: ID!, $first: Int, $last: Int, $after: String, $before: String, $filter: RunItemFilter, $orderBy: RunItemOrder) {
  run(id: $id) { items(first: $first, last: $last, after: $after, before: $before, filter: $filter, orderBy: $orderBy) {
    edges { node { id } } totalCount countUpTo pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}`

/** The ids of rows as they are listed. */
function inOrder(rows: readonly Row[], direction: string, value: (row: Row) => number | null): string[] {
  const sign = direction === 'ASC' ? 1 : -1
  return rows
    .map((row) => ({ ordinal: row.ordinal, value: value(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) {
        if (a.value !== b.value) return a.value === null ? 1 : -1
        return sign * (a.ordinal - b.ordinal)
      }
      return sign * (a.value - b.value || a.ordinal - b.ordinal)
    })
    .map(({ ordinal }) => encodeGlobalId('RunItem', `${runId}:${ordinal}`))
}

test.each(cases)(
  'by $orderBy.field $orderBy.score $orderBy.direction every filter gives its items once, those without a value last',
  async ({ orderBy, value }) => {
    for (const [filter, holds] of filters) {
      const expected = inOrder(rows.filter(holds), orderBy.direction, value)
      const variables = { id: encodeGlobalId('Run', runId), filter, orderBy }
      const forward = await walk(t, document, variables, ({ run }) => run.items, { by: 7 })
      expect(forward, JSON.stringify(filter)).toEqual(expected)
      expect(await walk(t, document, variables, ({ run }) => run.items, { by: 7, backward: true })).toEqual(expected)
    }
  },
)

/** As in a large run. */
function keepOrders(): void {
  const { minItems } = itemOrderLimits
  itemOrderLimits.minItems = 0
  onTestFinished(() => {
    itemOrderLimits.minItems = minItems
  })
}

test.each(cases)(
  'by $orderBy.field $orderBy.score $orderBy.direction the pages of a large run are the same, and its order is read once',
  async ({ orderBy, value }) => {
    keepOrders()
    const variables = { id: encodeGlobalId('Run', runId), orderBy }
    const expected = inOrder(rows, orderBy.direction, value)
    const [, statements] = await recordStatements(async () => {
      expect(await walk(t, document, variables, ({ run }) => run.items, { by: 7 })).toEqual(expected)
      expect(await walk(t, document, variables, ({ run }) => run.items, { by: 7, backward: true })).toEqual(expected)
    })
    const reads = statements.filter((text) => text.includes('float8send'))
    expect(reads).toHaveLength(orderBy.field === 'POSITION' ? 0 : 1)
    const { data } = await t.query(document, { ...variables, first: 3 })
    const { data: last } = await t.query(document, { ...variables, last: 3 })
    const { endCursor: after } = data.run.items.pageInfo
    const { startCursor: before } = last.run.items.pageInfo
    const between = await t.query(document, { ...variables, after, before, first: 100 })
    expect(idsOf(between)).toEqual(expected.slice(3, -3))
    expect(between.data.run.items).toMatchObject({ totalCount: rows.length, countUpTo: rows.length })
    const none = await t.query(document, { ...variables, after: before, before: after, first: 100 })
    expect(idsOf(none)).toEqual([])
  },
)

// biome-ignore lint/suspicious/noExplicitAny: any answer
const idsOf = ({ data }: { data: any }) => data.run.items.edges.map(({ node }: { node: { id: string } }) => node.id)

test('of the orders that are kept the one that was used last stays', async () => {
  keepOrders()
  const { bytes } = itemOrderLimits
  onTestFinished(() => {
    itemOrderLimits.bytes = bytes
  })
  // Room for two.
  itemOrderLimits.bytes = rows.length * 12 * 2.5
  const id = encodeGlobalId('Run', runId)
  let first = 0
  const page = async (score: string) => {
    // Nor is it an answer that was given before.
    first += 1
    const orderBy = { field: 'SCORE', score, source: 'API' }
    const [, statements] = await recordStatements(() => t.query(document, { id, orderBy, first }))
    return statements.some((text) => text.includes('float8send')) ? 'read' : 'kept'
  }
  expect([await page('a'), await page('b'), await page('a')]).toEqual(['read', 'read', 'kept'])
  expect([await page('c'), await page('a'), await page('b')]).toEqual(['read', 'kept', 'read'])
})

test('an order that is not used any more is forgotten', async () => {
  keepOrders()
  const { unusedMs } = itemOrderLimits
  onTestFinished(() => {
    itemOrderLimits.unusedMs = unusedMs
  })
  itemOrderLimits.unusedMs = 0
  const variables = { id: encodeGlobalId('Run', runId), orderBy: { field: 'SCORE', score: 'd' } }
  const [, statements] = await recordStatements(async () => {
    for (const first of [1, 2, 3]) await t.query(document, { ...variables, first })
  })
  expect(statements.filter((text) => text.includes('float8send'))).toHaveLength(3)
})

test('the order of a large run is that of its last change', async () => {
  keepOrders()
  const datasetId = await seedDataset(t, ['a', 'b', 'c', 'd'])
  const executions = [0, 1, 2, 3].map((item): RecordedExecution => ({ item, repetition: 0, output: 'x' }))
  const scored = await recordRun(t, datasetId, executions)
  const score = (ordinal: number, value: number) =>
    setScore(t.services, t.scope, { runId: scored, ordinal, name: 'n', value, source: 'API' })
  for (const ordinal of [0, 1, 2, 3]) await score(ordinal, ordinal + 1)
  const ask = async (more: object) => {
    const orderBy = { field: 'SCORE', score: 'n' }
    const answer = await t.query(document, { id: encodeGlobalId('Run', scored), orderBy, first: 2, ...more })
    const ordinals = idsOf(answer).map((id: string) => Number(parseGlobalId(id)?.id.split(':')[1]))
    return { ordinals, ...answer.data.run.items.pageInfo }
  }
  const { ordinals, endCursor: after } = await ask({})
  expect([ordinals, (await ask({ after })).ordinals]).toEqual([
    [0, 1],
    [2, 3],
  ])
  await score(2, 0)
  await score(0, 5)
  expect(await ask({ after })).toMatchObject({ ordinals: [3, 0], hasNextPage: false })
  expect((await ask({})).ordinals).toEqual([2, 1])
})

test('an item that changes between reading the order of a large run and its page keeps its place', async () => {
  keepOrders()
  const datasetId = await seedDataset(t, ['a', 'b', 'c', 'd'])
  const executions = [0, 1, 2, 3].map((item): RecordedExecution => ({ item, repetition: 0, latencyMs: item + 1 }))
  const changed = await recordRun(t, datasetId, executions)
  const variables = { id: encodeGlobalId('Run', changed), orderBy: { field: 'LATENCY' }, first: 1 }
  const { data } = await t.query(document, variables)
  const { endCursor: after } = data.run.items.pageInfo
  const [second] = idsOf(await t.query(document, { ...variables, after, first: 3 }))
  const ordinal = Number(parseGlobalId(second)?.id.split(':')[1])
  // As if it had happened in between: the run has not changed, by what its row says.
  await t.db.pool.query('UPDATE run_item SET latency_ms = 0.5 WHERE run_id = $1 AND ordinal = $2', [changed, ordinal])
  const answer = await t.query(document, { ...variables, after })
  expect(idsOf(answer)).toEqual([second])
  expect(answer.data.run.items.pageInfo.hasNextPage).toBe(true)
})

test('every filter leaves some items and takes others away', () => {
  for (const [filter, holds] of filters) {
    if (filter === null || filter === noState) continue
    const count = rows.filter(holds).length
    expect(count, JSON.stringify(filter)).toBeGreaterThan(0)
    expect(count, JSON.stringify(filter)).toBeLessThan(rows.length)
  }
})

test('the number of items is known by status, and counted by any filter', async () => {
  for (const [filter, holds] of filters) {
    const { data } = await t.query(document, { id: encodeGlobalId('Run', runId), filter, first: 1 })
    const count = rows.filter(holds).length
    const isKnown = Object.keys(filter ?? {}).every((part) => part === 'status')
    expect(data.run.items).toMatchObject({ totalCount: isKnown ? count : null, countUpTo: count })
  }
})

test('a page by score needs the name of the score, and a cursor belongs to that score', async () => {
  const id = encodeGlobalId('Run', runId)
  const { errors } = await t.query(document, { id, orderBy: { field: 'SCORE' } })
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', path: ['orderBy', 'score'] } }])
  const by = (score: string) => ({ id, first: 1, orderBy: { field: 'SCORE', score } })
  const { data } = await t.query(document, by('length'))
  const after = data.run.items.pageInfo.endCursor
  expect((await t.query(document, { ...by('length'), after })).errors).toBeUndefined()
  expect((await t.query(document, { ...by('right'), after })).errors).toMatchObject([
    { extensions: { code: 'INVALID_INPUT', path: ['after'] } },
  ])
})

test('the items of some dataset items are their repetitions, and impossible positions are refused', async () => {
  const items = await t.db.pool.query<{ id: string }>(
    `SELECT DISTINCT item_id::text AS id FROM run_item WHERE run_id = $1 AND ordinal IN (4, 5, 20, 21)`,
    [runId],
  )
  const id = encodeGlobalId('Run', runId)
  const itemIds = items.rows.map((row) => encodeGlobalId('DatasetItem', row.id))
  const { data } = await t.query(document, { id, filter: { itemIds } })
  expect(data.run.items.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual(
    [4, 5, 20, 21].map((ordinal) => encodeGlobalId('RunItem', `${runId}:${ordinal}`)),
  )
  const refused = async (filter: object) => (await t.query(document, { id, filter })).errors?.[0]?.extensions?.path
  expect(await refused({ itemIds: [id] })).toEqual(['filter', 'itemIds', '0'])
  expect(await refused({ itemIds: Array.from({ length: 501 }, () => itemIds[0]) })).toEqual(['filter', 'itemIds'])
  expect(await refused({ positions: { from: 4, to: 3 } })).toEqual(['filter', 'positions'])
  expect(await refused({ positions: { from: 0, to: 500 } })).toEqual(['filter', 'positions'])
})

test('a page reads only the columns that its fields need', async () => {
  const run = encodeGlobalId('Run', runId)
  const query = (fields: string) => `query ($run: ID!) { node(id: $run) { ... on Run { items { ${fields} } } } }`
  const [, brief] = await recordStatements(() => t.query(query('nodes { id status }'), { run }))
  expect(brief.join()).toContain('AS "status"')
  expect(brief.join()).not.toMatch(/AS "(output|generation|startedAt)"/)
  const [, more] = await recordStatements(() => t.query(query('nodes { id } edges { node { output } }'), { run }))
  expect(more.join()).toContain('AS "output"')
  expect(more.join()).not.toContain('AS "generation"')
  const [, scores] = await recordStatements(() => t.query(query('nodes { scores { value } }'), { run }))
  expect(scores.join()).toContain('AS "value"')
  expect(scores.join()).not.toMatch(/AS "(comment|createdAt)"/)
})

/** The fields of a type as a document asks for them. */
function asked(typeName: string): string[] {
  const type = schema.getType(typeName)
  if (!isObjectType(type)) throw new Error(`there is no type ${typeName}`)
  return Object.values(type.getFields()).map((field) =>
    isLeafType(getNamedType(field.type)) ? field.name : `${field.name} { __typename }`,
  )
}

test('an item has the same values in a list, comparison or feed that shows one field alone as by its id', async () => {
  await t.db.pool.query(
    `UPDATE run_item SET input_tokens = 7, output_tokens = 8, evaluator_cost_usd = 0.5, trace_id = repeat('a', 32),
       started_at = now(), generation = '{"model": "m"}', output_bytes = 300000, seq = 1 WHERE run_id = $1 AND ordinal = 2`,
    [runId],
  )
  await t.db.pool.query(
    `UPDATE score SET comment = 'why', metadata = '{"n": 1}', cost_usd = 0.25, error = '{"code": "TIMEOUT", "message": "late"}'
     WHERE run_id = $1 AND ordinal = 2 AND name = 'length'`,
    [runId],
  )
  const definition = { kind: 'builtin', type: 'exactMatch', outputPath: null, expectedPath: null } as const
  const { current } = await createEvaluator(t.services, t.scope, {
    name: 'length',
    definition,
  })
  await t.db.pool.query(
    `UPDATE score SET evaluator_version_id = $2 WHERE id = (SELECT min(id) FROM score WHERE run_id = $1 AND ordinal = 2)`,
    [runId, current.id],
  )
  await t.db.pool.query('UPDATE run SET seq = 1 WHERE id = $1', [runId])
  const run = encodeGlobalId('Run', runId)
  const id = encodeGlobalId('RunItem', `${runId}:2`)
  const scoreFields = asked('Score')
  const fields = [
    ...asked('RunItem').filter((field) => !field.startsWith('scores')),
    `scores { ${scoreFields.join(' ')} }`,
  ]
  const { data } = await t.query(`query ($id: ID!) { node(id: $id) { ... on RunItem { ${fields.join(' ')} } } }`, {
    id,
  })
  const whole = data.node as Shown & { scores: Shown[] }
  expect(whole).toMatchObject({
    inputTokens: 7,
    outputTruncated: true,
    traceUrl: `http://traces.example/${'a'.repeat(32)}`,
  })
  const given = (name: string) => whole.scores.some((score) => score[name] !== null && score[name] !== undefined)
  expect(scoreFields.map(nameOf).filter((name) => !given(name))).toEqual([])

  const client = createClient({ url: `${t.url.replace('http', 'ws')}/graphql` })
  onTestFinished(() => client.dispose())
  const first = async <Data>(query: string): Promise<Data | null | undefined> => {
    for await (const { data } of client.iterate<Data & Record<string, unknown>>({ query, variables: { run } }))
      return data
    throw new Error('the feed ended before its first batch')
  }
  const inFeed = async (selection: string, fragment: string) => {
    const query = `subscription ($run: ID!) { runFeed(runId: $run) { items { ${selection} } } } ${fragment}`
    return (await first<{ runFeed: { items: Shown[] } }>(query))?.runFeed.items
  }
  const inComparisonFeed = async (selection: string) => {
    const rows = `rows { cells { items { ${selection} } } }`
    const query = `subscription ($run: ID!) { comparisonFeed(candidateIds: [$run]) { ${rows} } }`
    const data = await first<{ comparisonFeed: { rows: { cells: { items: Shown[] }[] }[] } }>(query)
    return data?.comparisonFeed.rows[0]?.cells[0]?.items[0]
  }
  const inComparison = async (selection: string) => {
    const rows = `rows(first: 2) { nodes { cells { items { ${selection} } } } }`
    const found = await t.query(`query ($run: ID!) { compareRuns(candidateIds: [$run]) { ${rows} } }`, { run })
    return found.data.compareRuns.rows.nodes[1].cells[0].items[0]
  }
  const inList = async (selection: string, fragment: string) => {
    const query = `query ($run: ID!) { node(id: $run) { ... on Run { items(first: 3) { ${selection} } } } } ${fragment}`
    return (await t.query(query, { run })).data.node.items as { nodes: Shown[]; edges: { node: Shown }[] }
  }
  const alone: [string, Shown][] = [
    ...fields.map((field): [string, Shown] => [field, { [nameOf(field)]: whole[nameOf(field)] }]),
    ...scoreFields.map((field): [string, Shown] => [
      `scores { ${field} }`,
      { scores: whole.scores.map((score) => ({ [nameOf(field)]: score[nameOf(field)] })) },
    ]),
  ]
  for (const [field, values] of alone) {
    const fragment = `fragment Shown on RunItem { ${field} }`
    expect((await inList(`nodes { ${field} }`, '')).nodes[2], field).toEqual(values)
    expect((await inList('edges { node { ...Shown } }', fragment)).edges[2]?.node, field).toEqual(values)
    expect(await inFeed(field, ''), field).toEqual([values])
    expect(await inFeed('...Shown', fragment), field).toEqual([values])
    expect(await inComparison(field), field).toEqual(values)
    expect(await inComparisonFeed(field), field).toEqual(values)
  }
})

type Shown = Record<string, unknown>

function nameOf(field: string): string {
  return field.split(' ')[0] as string
}
