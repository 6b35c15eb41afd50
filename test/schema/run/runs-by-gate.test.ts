import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { setGate } from '../../../src/engine/comparison/gates.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { walk } from '../../helpers/pages.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
/** Oldest first, with the expected status of their gate; null without a gate. */
const runs: { id: string; gate: string | null }[] = []

const query = `query ($first: Int, $last: Int, $after: String, $before: String, $gate: [GateStatus!]) {
  runs(first: $first, last: $last, after: $after, before: $before, filter: { gate: $gate }) {
    edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`

beforeAll(async () => {
  t = await startTestServer()
  const datasetId = await seedDataset(t, [1])
  const task = { kind: 'module', name: 'any' } as const
  const [gated, free] = [await seedExperiment(t, datasetId, task), await seedExperiment(t, datasetId, task)]
  await setGate(t.services, t.scope, gated, { maxFailureRate: 0.5 })
  for (let n = 0; n < 45; n++) {
    // 15 runs in a row, most of which fail: more than a page examines.
    const gate = n % 7 === 3 ? null : n >= 15 && n < 30 ? 'FAILED' : n % 5 === 0 ? 'PENDING' : 'PASSED'
    const failed = gate === 'FAILED' ? 10 : 1
    const { id } = await t.db.prisma.run.create({
      data: {
        projectId: t.scope.projectId,
        datasetId,
        experimentId: gate === null ? free : gated,
        datasetVersion: 1,
        name: `run ${n}`,
        seed: 'seed',
        task,
        settings: {},
        status: gate === 'PENDING' ? 'RUNNING' : 'COMPLETED',
        total: 10,
        failed,
        succeeded: 10 - failed,
        queued: 0,
        createdAt: new Date(Date.UTC(2026, 10, 1, 0, n)),
      },
    })
    runs.push({ id: encodeGlobalId('Run', id), gate })
  }
})
afterAll(() => t[Symbol.asyncDispose]())

test.each([[['PASSED']], [['FAILED']], [['PENDING']], [['PASSED', 'PENDING']], [[]]])(
  'walking the runs whose gate is %j from either end gives each once, in order',
  async (gate) => {
    const expected = runs.filter((run) => run.gate !== null && gate.includes(run.gate)).map(({ id }) => id)
    for (const by of [1, 7, 100]) {
      for (const backward of [false, true]) {
        const found = await walk(t, query, { gate }, (data) => data.runs, { by, backward })
        expect(found, `${by} ${backward}`).toEqual(expected.toReversed())
      }
    }
  },
)

test('a page ends after 10 gates, and says that there are more', async () => {
  const { data } = await t.query(query, { first: 100, gate: ['FAILED'] })
  const { edges, pageInfo } = data.runs
  expect(edges).toEqual([])
  expect(pageInfo).toMatchObject({ hasNextPage: true, endCursor: expect.any(String) })
})

test('a list by gate is not counted', async () => {
  const { data, errors } = await t.query('{ runs(filter: { gate: [PASSED] }) { totalCount countUpTo } }')
  expect(data.runs).toEqual({ totalCount: null, countUpTo: null })
  expect(errors).toMatchObject([
    { path: ['runs', 'countUpTo'], extensions: { code: 'INVALID_INPUT', path: ['filter', 'gate'] } },
  ])
})

test('without a gate in the filter all runs are listed', async () => {
  expect(await walk(t, query, { gate: null }, (data) => data.runs, { by: 20 })).toHaveLength(45)
})

test('many lists by gate in one document are refused for the comparisons that they may take', async () => {
  const lists = [1, 2, 3].map((n) => `a${n}: runs(first: 1, filter: { gate: [PASSED] }) { nodes { id } }`)
  const { errors } = await t.query(`{ ${lists.join(' ')} }`)
  expect(errors?.[0]?.message).toMatch(/takes work worth 60,000, together .*; the limit is 50,000/)
})
