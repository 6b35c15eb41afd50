import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let broken = true

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      { name: 'bit', run: (input: number, { repetition }) => (input >> repetition) & 1 },
      {
        name: 'broken',
        run: (input) => {
          if (broken) throw new Error('broken')
          return input
        },
      },
    ],
  })
  const definition = {
    kind: 'builtin',
    type: 'contains',
    text: '1',
    ignoreCase: false,
    outputPath: null,
    expectedPath: null,
  } as const
  await createEvaluator(t.services, t.scope, { name: 'one', definition })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const change = (field: string, input: object) =>
  t.query(
    `mutation { ${field}(input: ${JSON.stringify(input).replace(/"(\w+)":/g, '$1:')}) {
      ... on ${field.charAt(0).toUpperCase()}${field.slice(1)}Payload { run { id status stopReason settings { concurrency budgetUsd maxFailureRate } progress { queued failed } } }
      ... on UserError { code message path }
    } }`,
  )

test('repetitions are reduced by mean, majority, any and all', async () => {
  // The three repetitions of item n score the bits of n.
  const datasetId = await seedDataset(t, [0b000, 0b001, 0b011, 0b111])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'bit' }, { repetitions: 3 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, id)
  const { data } = await t.query(`{ node(id: "${encodeGlobalId('Run', id)}") { ... on Run { stats { scores {
    name count mean stderr mean_: reduced(by: MEAN) majority: reduced(by: MAJORITY) any: reduced(by: ANY) all: reduced(by: ALL)
  } } } } }`)
  const [score] = data.node.stats.scores
  expect(score).toMatchObject({
    name: 'one',
    count: 12,
    mean: expect.closeTo(0.5, 12),
    mean_: 0.5,
    majority: 0.5,
    any: 0.75,
    all: 0.25,
  })
  // Four items with means 0, 1/3, 2/3 and 1: the spread between items, not between twelve independent values.
  const clustered = Math.sqrt((4 / 3) * (0.25 + 1 / 36 + 1 / 36 + 0.25)) / 4
  expect(score.stderr).toBeCloseTo(clustered, 12)
})

test('a run that stopped for too many failures is updated, retried and completed', async () => {
  const datasetId = await seedDataset(t, [1, 2, 3])
  const settings = { maxAttempts: 1, maxFailureRate: 0.5, concurrency: 1 }
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'broken' }, settings)
  const run = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, run.id)
  const id = encodeGlobalId('Run', run.id)

  const refused = await change('updateRun', { id, concurrency: 0 })
  expect(refused.data.updateRun).toMatchObject({ code: 'INVALID_INPUT', path: ['input', 'concurrency'] })
  const changed = await change('updateRun', { id, concurrency: 2, maxFailureRate: null })
  expect(changed.data.updateRun.run.settings).toEqual({ concurrency: 2, budgetUsd: null, maxFailureRate: null })
  broken = false
  const retried = await change('retryFailedItems', { id })
  expect(retried.data.retryFailedItems.run).toMatchObject({ status: 'QUEUED', progress: { failed: 0, queued: 3 } })
  expect((await followRun(t, run.id)).run).toMatchObject({ status: 'COMPLETED', succeeded: 3 })
  const again = await change('resumeRun', { id })
  expect(again.data.resumeRun).toMatchObject({ code: 'CONFLICT' })
})
