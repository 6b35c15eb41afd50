/** The runs of a project, a dataset and an experiment by every order, direction and filter, against a plain SELECT. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId, type NodeType } from '../../../schema/relay/global-id.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { walk } from '../../helpers/pages.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let rows: Row[]
const datasets: string[] = []
const experiments: string[] = []

interface Row {
  id: string
  name: string
  description: string | null
  status: string
  stopReason: string | null
  datasetId: string
  datasetVersion: number
  experimentId: string
  startedById: string | null
  metadata: { branch?: string; git?: { commit: string } } | null
  createdAt: Date
  finishedAt: Date | null
  failed: number
  latency: number | null
  cost: number | null
  mean: number | null
}

const minute = (n: number) => new Date(Date.UTC(2026, 10, 1, 0, n))

beforeAll(async () => {
  t = await startTestServer()
  for (let n = 0; n < 2; n++) {
    const datasetId = await seedDataset(t, ['x'])
    datasets.push(datasetId)
    for (let m = 0; m < 2; m++) experiments.push(await seedExperiment(t, datasetId, { kind: 'module', name: 'any' }))
  }
  for (let n = 0; n < 24; n++) {
    const status = (['COMPLETED', 'STOPPED', 'RUNNING', 'QUEUED'] as const)[n % 4] ?? 'QUEUED'
    const isFinished = n % 4 < 2
    const { id } = await t.db.prisma.run.create({
      data: {
        projectId: t.scope.projectId,
        datasetId: datasets[Math.floor((n % 4) / 2)] as string,
        experimentId: experiments[n % 4] as string,
        datasetVersion: 1 + (n % 3),
        startedById: n % 4 === 2 ? null : t.scope.person.id,
        name: ['alpha', 'beta', 'gamma'][n % 3] as string,
        description: n % 5 === 0 ? 'the nightly one' : null,
        metadata: n % 2 === 0 ? { branch: 'main', git: { commit: `c${n % 6}` } } : undefined,
        status,
        stopReason: status === 'STOPPED' ? (n % 8 === 1 ? 'BUDGET' : 'FAILURE_RATE') : null,
        seed: 'seed',
        task: { kind: 'module', name: 'any' },
        settings: {},
        total: 10,
        queued: 0,
        succeeded: n % 5 === 0 ? 0 : 5,
        failed: n % 3,
        latencySum: n % 5 === 0 ? 0 : (n % 4) * 5,
        latencyMin: n % 5 === 0 ? null : 0,
        costSum: n % 2 === 0 ? 0 : n % 3,
        costCount: n % 2 === 0 ? 0 : 2,
        createdAt: minute(n % 10),
        finishedAt: isFinished ? minute(100 + (n % 7)) : null,
        scoreSummaries: {
          create:
            n % 6 === 0
              ? []
              : [
                  {
                    ...{ name: 'mean', source: 'EVALUATOR', dataType: 'NUMERIC', direction: 'NONE' },
                    ...{ failurePolicy: 'MISSING', items: n % 4, sum: (n % 4) * (n % 3) },
                  },
                ],
        },
      },
    })
    expect(id).toBeTruthy()
  }
  const found = await t.db.pool.query<Row>(
    `SELECT r.id, r.name, description, status, stop_reason AS "stopReason", dataset_id AS "datasetId",
            dataset_version AS "datasetVersion", experiment_id AS "experimentId", started_by_id AS "startedById", metadata, created_at AS "createdAt",
            finished_at AS "finishedAt", failed, latency_sum / NULLIF(succeeded, 0) AS latency,
            cost_sum / NULLIF(cost_count, 0) AS cost, s.sum / NULLIF(s.items, 0) AS mean
     FROM run r LEFT JOIN run_score_summary s ON s.run_id = r.id AND s.name = 'mean'`,
  )
  rows = found.rows
})
afterAll(() => t[Symbol.asyncDispose]())

const global = (type: NodeType, id: string | undefined) => encodeGlobalId(type, id ?? '')

const filters: [what: string, filter: () => object | null, holds: (row: Row) => boolean][] = [
  ['nothing', () => null, () => true],
  ['status', () => ({ status: ['RUNNING', 'QUEUED'] }), ({ status }) => status === 'RUNNING' || status === 'QUEUED'],
  ['stopReason', () => ({ stopReason: ['BUDGET'] }), ({ stopReason }) => stopReason === 'BUDGET'],
  ['dataset', () => ({ datasetId: global('Dataset', datasets[1]) }), ({ datasetId }) => datasetId === datasets[1]],
  [
    'experiment',
    () => ({ experimentId: global('Experiment', experiments[2]) }),
    ({ experimentId }) => experimentId === experiments[2],
  ],
  [
    'startedBy',
    () => ({ startedById: global('Person', t.scope.person.id) }),
    ({ startedById }) => startedById !== null,
  ],
  ['datasetVersion', () => ({ datasetVersion: 2 }), ({ datasetVersion }) => datasetVersion === 2],
  ['name', () => ({ search: 'GAM' }), ({ name }) => name === 'gamma'],
  ['description', () => ({ search: 'nightly' }), ({ description }) => description !== null],
  ['metadata', () => ({ metadata: { branch: 'main' } }), ({ metadata }) => metadata?.branch === 'main'],
  [
    'metadata within',
    () => ({ metadata: { git: { commit: 'c2' } } }),
    ({ metadata }) => metadata?.git?.commit === 'c2',
  ],
  [
    'createdAt',
    () => ({ createdAt: { from: minute(3), before: minute(7) } }),
    ({ createdAt }) => createdAt >= minute(3) && createdAt < minute(7),
  ],
  [
    'finishedAt',
    () => ({ finishedAt: { from: minute(102) } }),
    ({ finishedAt }) => finishedAt !== null && finishedAt >= minute(102),
  ],
  [
    'several',
    () => ({ status: ['COMPLETED'], search: 'a', createdAt: { before: minute(9) }, metadata: {} }),
    ({ status, metadata, createdAt }) => status === 'COMPLETED' && metadata !== null && createdAt < minute(9),
  ],
]

const orders: [by: string | object, value: (row: Row) => number | string | null][] = [
  ['CREATED_AT', ({ createdAt }) => createdAt.getTime()],
  ['FINISHED_AT', ({ finishedAt }) => finishedAt?.getTime() ?? null],
  ['NAME', ({ name }) => name],
  [{ failed: true }, ({ failed }) => failed],
  [{ latency: true }, ({ latency }) => latency],
  [{ cost: true }, ({ cost }) => cost],
  [{ score: { name: 'mean' } }, ({ mean }) => mean],
]

const cases = orders.flatMap(([by, value]) =>
  ['ASC', 'DESC'].map((direction) => ({ by: JSON.stringify(by), direction, value })),
)

const page = 'edges { node { id } } countUpTo pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const args = 'first: $first, last: $last, after: $after, before: $before, filter: $filter, orderBy: $orderBy'
const variables = '$first: Int, $last: Int, $after: String, $before: String, $filter: RunFilter, $orderBy: RunOrder'
const ofProject = `query(${variables}) { runs(${args}) { ${page} } }`
const ofNode = `query($id: ID!, ${variables}) { node(id: $id) { __typename ... on Dataset { runs(${args}) { ${page} } }
  ... on Experiment { runs(${args}) { ${page} } } } }`

test.each(cases)(
  'by $by $direction every filter gives its runs once, those without a value last',
  async ({ by, direction, value }) => {
    const sign = direction === 'ASC' ? 1 : -1
    const compare = <T extends number | string>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0)
    const inOrder = (found: Row[]) =>
      found
        .map((row) => ({ id: row.id, value: value(row) }))
        .sort((a, b) => {
          if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1
          const byValue = a.value === null || b.value === null ? 0 : compare(a.value, b.value)
          return sign * (byValue || compare(a.id, b.id))
        })
        .map(({ id }) => global('Run', id))
    const metric = JSON.parse(by)
    const orderBy = typeof metric === 'string' ? { field: metric, direction } : { field: 'METRIC', direction, metric }
    for (const [what, filter, holds] of filters) {
      const asked = { filter: filter(), orderBy }
      const expected = inOrder(rows.filter(holds))
      for (const backward of [false, true]) {
        const found = await walk(t, ofProject, asked, ({ runs }) => runs, { by: 5, backward })
        expect(found, what).toEqual(expected)
      }
      const parents = [
        [global('Dataset', datasets[0]), (row: Row) => row.datasetId === datasets[0]],
        [global('Experiment', experiments[3]), (row: Row) => row.experimentId === experiments[3]],
      ] as const
      for (const [id, isIts] of parents) {
        const found = await walk(t, ofNode, { ...asked, id }, ({ node }) => node.runs, { by: 4 })
        expect(found, what).toEqual(inOrder(rows.filter((row) => isIts(row) && holds(row))))
      }
    }
  },
)

test('runs are counted by any filter; every one leaves some and takes others away', async () => {
  for (const [what, filter, holds] of filters) {
    const { data } = await t.query(ofProject, { filter: filter(), first: 1 })
    const count = rows.filter(holds).length
    expect(data.runs.countUpTo, what).toBe(count)
    expect(count, what).toBeGreaterThan(0)
    if (filter()) expect(count, what).toBeLessThan(rows.length)
  }
})

test('an id of another type, or a text that is too long, is refused where it stands', async () => {
  for (const [filter, path] of [
    [{ datasetId: global('Run', rows[0]?.id) }, ['filter', 'datasetId']],
    [{ experimentId: 'x' }, ['filter', 'experimentId']],
    [{ search: 'x'.repeat(257) }, ['filter', 'search']],
  ]) {
    const { data, errors } = await t.query(ofProject, { filter })
    expect(data).toEqual({ runs: null })
    expect(errors).toMatchObject([{ path: ['runs'], extensions: { code: 'INVALID_INPUT', path } }])
  }
})

test('a run is looked up by its id; one of another project or type is not found or refused', async () => {
  const document = 'query($id: ID!) { run(id: $id) { id name } }'
  const [row] = rows
  const id = global('Run', row?.id)
  expect((await t.query(document, { id })).data).toEqual({ run: { id, name: row?.name } })
  const nobody = global('Run', '00000000-0000-0000-0000-000000000000')
  expect(await t.query(document, { id: nobody })).toEqual({ status: 200, data: { run: null } })
  const { data, errors } = await t.query(document, { id: global('Dataset', datasets[0]) })
  expect(data).toEqual({ run: null })
  expect(errors).toMatchObject([{ path: ['run'], extensions: { code: 'INVALID_INPUT', path: ['id'] } }])
})

test('an experiment has its newest run and the trend of its runs', async () => {
  const empty = await seedExperiment(t, datasets[0] as string, { kind: 'module', name: 'any' })
  const { data } = await t.query(
    `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Experiment { latestRun { id } runTrends(last: 4) { run { id } avgLatencyMs } } } }`,
    { ids: [experiments[1], empty].map((id) => global('Experiment', id)) },
  )
  const newest = rows
    .filter(({ experimentId }) => experimentId === experiments[1])
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
  const [found, none] = data.nodes
  expect(found.latestRun.id).toBe(global('Run', newest[0]?.id))
  expect(found.runTrends).toEqual(
    newest
      .slice(0, 4)
      .reverse()
      .map(({ id, latency }) => ({ run: { id: global('Run', id) }, avgLatencyMs: latency })),
  )
  expect(none).toEqual({ latestRun: null, runTrends: [] })
})
