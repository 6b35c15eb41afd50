import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let experimentId: string
let id: string
const size = 57

beforeAll(async () => {
  t = await startTestServer(
    {
      tasks: [
        {
          name: 'thirds',
          run: (input: number) => {
            if (input % 3 === 0) throw new Error(`cannot do ${input}`)
            return input % 2 === 0 ? input : -input
          },
        },
      ],
    },
    { traceUrlTemplate: 'http://traces.test/{traceId}' },
  )
  await createEvaluator(t.services, t.scope, { name: 'same', definition: { kind: 'builtin', type: 'jsonEquals' } })
  const datasetId = await seedDataset(
    t,
    Array.from({ length: size }, (_, n) => n),
  )
  experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'thirds' }, { maxAttempts: 1 })
  await t.startWorker()
  const run = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, run.id)
  await t.db.pool.query('UPDATE run_item SET latency_ms = NULL WHERE run_id = $1 AND ordinal < 5', [run.id])
  id = encode('Run', run.id)
})
afterAll(() => t[Symbol.asyncDispose]())

const encode = (type: string, rawId: string) => Buffer.from(`${type}:${rawId}`).toString('base64url')

interface Item {
  id: string
  input: number
  output: number | null
  status: string
  latencyMs: number | null
  scores: { value: number }[]
}

const itemsQuery = `query($id: ID!, $first: Int, $last: Int, $after: String, $before: String, $filter: RunItemFilter, $orderBy: RunItemOrder) {
  node(id: $id) { ... on Run {
    items(first: $first, last: $last, after: $after, before: $before, filter: $filter, orderBy: $orderBy) {
      edges { cursor node { id input output status latencyMs scores { value } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  } }
}`

async function page(args: object) {
  const { data, errors } = await t.query(itemsQuery, { id, ...args })
  expect(errors).toBeUndefined()
  const { edges, pageInfo } = data.node.items
  return { rows: edges.map((edge: { node: Item }) => edge.node) as Item[], pageInfo }
}

async function allForward(args: object, first = 10): Promise<Item[]> {
  const rows: Item[] = []
  for (let after: string | null = null; ; ) {
    const next = await page({ ...args, first, after })
    rows.push(...next.rows)
    if (!next.pageInfo.hasNextPage) return rows
    after = next.pageInfo.endCursor
  }
}

async function allBackward(args: object, last = 10): Promise<Item[]> {
  const rows: Item[] = []
  for (let before: string | null = null; ; ) {
    const previous = await page({ ...args, last, before })
    rows.unshift(...previous.rows)
    if (!previous.pageInfo.hasPreviousPage) return rows
    before = previous.pageInfo.startCursor
  }
}

const fields = ['POSITION', 'LATENCY', 'COST', 'FINISHED_AT']
for (const field of fields) {
  for (const direction of ['ASC', 'DESC']) {
    test(`items ordered by ${field} ${direction} come once each, the same forward and backward`, async () => {
      const orderBy = { field, direction }
      const forward = await allForward({ orderBy })
      expect(new Set(forward.map((item) => item.id)).size).toBe(size)
      expect(await allBackward({ orderBy })).toEqual(forward)
    })
  }
}

test('items without a latency come last in either direction', async () => {
  for (const direction of ['ASC', 'DESC']) {
    const latencies = (await allForward({ orderBy: { field: 'LATENCY', direction } })).map((item) => item.latencyMs)
    const known = latencies.filter((latency) => latency !== null)
    expect(known).toHaveLength(size - 5)
    expect(latencies.slice(0, known.length)).toEqual(known.toSorted((a, b) => (direction === 'ASC' ? a - b : b - a)))
  }
})

test('items are filtered by status and searched by content', async () => {
  const failed = await allForward({ filter: { status: ['FAILED'] } })
  expect(failed.map((item) => item.input).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 19 }, (_, n) => 3 * n),
  )
  expect((await page({ filter: { search: 'cannot do 42' } })).rows).toMatchObject([{ input: 42, status: 'FAILED' }])
  expect((await page({ filter: { search: '%' } })).rows).toEqual([])
  expect((await page({ filter: { search: '-55' } })).rows).toMatchObject([{ input: 55, output: -55 }])
})

test('a cursor of another order, an altered cursor and an invented cursor are refused', async () => {
  const { pageInfo } = await page({ first: 1 })
  const altered = Buffer.from(JSON.stringify(['POSITION ASC', 'x'])).toString('base64url')
  for (const args of [
    { after: pageInfo.endCursor, orderBy: { field: 'COST', direction: 'ASC' } },
    { after: altered },
    { after: 'nonsense' },
  ]) {
    const { errors } = await t.query(itemsQuery, { id, ...args })
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }])
  }
})

test('first and last together are refused', async () => {
  const { errors } = await t.query(itemsQuery, { id, first: 1, last: 1 })
  expect(errors).toMatchObject([{ message: 'Expected either `first` or `last`, got both.' }])
})

test('progress and statistics count succeeded, failed and missing items', async () => {
  const { data } = await t.query(
    `query($id: ID!) { node(id: $id) { ... on Run {
      status cursor
      progress { total queued running succeeded failed cancelled etaSeconds }
      stats {
        latencyMs { count avg min p50 p95 max } costUsd avgCostUsd unknownCostCount inputTokens
        scores { name dataType direction count errorCount missingCount mean stddev stderr labels { label } }
      }
      task { ... on ModuleTask { name } }
      dataset { itemCount }
    } } }`,
    { id },
  )
  const { node } = data
  expect(node).toMatchObject({
    status: 'COMPLETED',
    progress: { total: size, queued: 0, running: 0, succeeded: 38, failed: 19, cancelled: 0, etaSeconds: 0 },
    stats: { costUsd: null, avgCostUsd: null, unknownCostCount: size, inputTokens: null },
    task: { name: 'thirds' },
    dataset: { itemCount: size },
  })
  const values = (await allForward({}, 100)).flatMap((item) => item.scores.map((score) => score.value))
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  expect(values).toHaveLength(38)
  expect(node.stats.scores).toEqual([
    {
      name: 'same',
      dataType: 'BOOLEAN',
      direction: 'HIGHER_IS_BETTER',
      count: 38,
      errorCount: 0,
      missingCount: 19,
      mean: expect.closeTo(mean, 12),
      stddev: expect.closeTo(Math.sqrt(variance), 12),
      stderr: expect.closeTo(Math.sqrt(variance / 38), 12),
      labels: [],
    },
  ])
  const { count, min, p50, p95, max, avg } = node.stats.latencyMs
  expect(count).toBe(38)
  expect([min, p50, p95, max]).toEqual([min, p50, p95, max].toSorted((a, b) => a - b))
  expect(avg).toBeGreaterThanOrEqual(min)
})

test('a run item is a node with its position in the schedule, its dataset item and its scores', async () => {
  const [item] = (await page({ first: 1, filter: { status: ['SUCCEEDED'] } })).rows
  const { data } = await t.query(
    `query($id: ID!) { node(id: $id) { id ... on RunItem {
      run { id } datasetItem { id } revision { input item { id } } position repetition attempts traceId traceUrl
      scores { id name source evaluator { name version } evaluatorVersion run { id } runItem { id } }
    } } }`,
    { id: item?.id },
  )
  expect(data.node).toMatchObject({
    id: item?.id,
    run: { id },
    revision: { input: item?.input, item: data.node.datasetItem },
    repetition: 0,
    attempts: 1,
    traceUrl: `http://traces.test/${data.node.traceId}`,
    scores: [
      {
        name: 'same',
        source: 'EVALUATOR',
        evaluator: { name: 'same', version: 1 },
        evaluatorVersion: 1,
        run: { id },
        runItem: { id: item?.id },
      },
    ],
  })
  for (const made of [
    `${id.slice(0, -4)}AAAA`,
    encode('RunItem', 'x:1'),
    encode('Dataset', '1'),
    encode('Score', '-1'),
    encode('Score', '1'),
    encode('DatasetItemRevision', '1'),
    encode('DatasetItemRevision', '1:x'),
  ]) {
    const { data, errors } = await t.query('query($id: ID!) { node(id: $id) { id } }', { id: made })
    expect(errors).toBeUndefined()
    expect(data.node).toBeNull()
  }
})

test('people score items and runs, and delete their scores', async () => {
  const [item] = (await page({ first: 1 })).rows
  const set = async (target: object, score: object) => {
    const { data } = await t.query(
      `mutation($input: SetScoreInput!) { setScore(input: $input) {
        __typename ... on SetScorePayload { score { id name value label dataType source author } } ... on UserError { message path }
      } }`,
      { input: { target, ...score } },
    )
    return data.setScore
  }
  const { score } = await set({ runItemId: item?.id }, { name: 'helpful', value: 4 })
  expect(score).toMatchObject({ name: 'helpful', value: 4, dataType: 'NUMERIC', source: 'HUMAN', author: 'local' })
  expect(await set({ runId: id }, { name: 'verdict', label: 'ship it' })).toMatchObject({
    score: { label: 'ship it', dataType: 'CATEGORICAL' },
  })
  const read = async () => {
    const { data } = await t.query('query($id: ID!) { node(id: $id) { ... on Run { scores { name label } } } }', { id })
    return data.node.scores
  }
  expect(await read()).toEqual([{ name: 'verdict', label: 'ship it' }])
  const { data } = await t.query(
    'mutation($id: ID!) { deleteScore(input: { id: $id }) { ... on DeleteScorePayload { deletedId } } }',
    {
      id: score.id,
    },
  )
  expect(data.deleteScore.deletedId).toBe(score.id)
})

test('a run is started once per idempotency key, on a subset, and deleted', async () => {
  const start = (input: object) =>
    t.query(
      `mutation($input: StartRunInput!) { startRun(input: $input) {
        __typename ... on StartRunPayload { run { id progress { total } settings { concurrency maxAttempts } } } ... on UserError { message path }
      } }`,
      { input: { experimentId: encode('Experiment', experimentId), ...input } },
    )
  const input = { idempotencyKey: 'once', subset: { sample: 5 }, overrides: { concurrency: 2 } }
  const first = (await start(input)).data.startRun
  expect(first.run).toMatchObject({ progress: { total: 5 }, settings: { concurrency: 2, maxAttempts: 1 } })
  expect((await start(input)).data.startRun.run.id).toBe(first.run.id)
  const nulls = { description: null, metadata: null, subset: { sample: 5, tags: null } }
  expect((await start({ ...input, ...nulls })).data.startRun.run.id).toBe(first.run.id)
  expect((await start({ ...input, evaluatorIds: null })).data.startRun.__typename).toBe('ConflictError')
  expect((await start({ ...input, subset: { sample: 6 } })).data.startRun.__typename).toBe('ConflictError')

  const rawId = Buffer.from(first.run.id, 'base64url').toString().slice('Run:'.length)
  await followRun(t, rawId)
  const remove = 'mutation($id: ID!) { deleteRun(input: { id: $id }) { __typename } }'
  expect((await t.query(remove, { id: first.run.id })).data.deleteRun.__typename).toBe('DeleteRunPayload')
  expect((await t.query(remove, { id: first.run.id })).data.deleteRun.__typename).toBe('NotFoundError')
})
