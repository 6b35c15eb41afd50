/** Evaluators of a run as a whole see the results of all items, when these and their scores are there. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import type { RunResults } from '../../../src/domain/run-results.ts'
import { createEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { retryFailedItems, retryFailedScores } from '../../../src/engine/runs/reopen-run.ts'
import { rescoreRuns } from '../../../src/engine/runs/rescore-runs.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let fails: (input: number) => boolean = () => false
let scoreRun: (results: RunResults) => unknown = ({ items }) => items.length
const seen: RunResults[] = []

beforeAll(async () => {
  t = await startTestServer({
    tasks: [
      {
        name: 'parity',
        run: (input) => {
          if (fails(input)) throw new Error('no')
          return input % 2 === 0 ? 'even' : 'odd'
        },
      },
    ],
    evaluators: [
      {
        name: 'whole',
        level: 'RUN',
        evaluate: (results) => {
          seen.push(results)
          return scoreRun(results) as number
        },
      },
    ],
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

/** The share of the rarer of both labels, of items. */
const code = `const evaluate = ({ run, items }) => {
  const odd = items.filter(({ output }) => output === 'odd').length
  return { value: Math.min(odd, items.length - odd) / run.total, comment: items.map(({ scores }) => scores.is).join(' ') }
}`

async function scoresOf(runId: string) {
  const { data } = await t.query(
    `query ($id: ID!) { run(id: $id) {
      status scores { name value comment evaluatorVersion error { message } } stats { scores { name count } }
      evaluators { definition { ... on CodeEvaluator { level } ... on ModuleEvaluator { level } } }
    } }`,
    { id: encodeGlobalId('Run', runId) },
  )
  return data.run
}

it('scores the run once its items are scored, again when some are executed or scored again, and shows it on the run', async () => {
  const item = await createEvaluator(t.services, t.scope, {
    ...{ name: 'is', active: false },
    definition: { kind: 'code', code: 'const evaluate = ({ output }) => output.length' },
  })
  const byCode = await createEvaluator(t.services, t.scope, {
    ...{ name: 'balance', active: false },
    definition: { kind: 'code', code, level: 'RUN' },
  })
  const byModule = await createEvaluator(t.services, t.scope, {
    ...{ name: 'whole', active: false, maxAttempts: 1 },
    definition: { kind: 'module', module: 'whole' },
  })
  const datasetId = await seedDataset(t, [0, 1, 2, 3])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'parity' }, { maxAttempts: 1 })
  fails = (input) => input === 3
  scoreRun = () => {
    throw new Error('not today')
  }
  const evaluatorIds = [item.id, byCode.id, byModule.id]
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds })
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({
    status: 'COMPLETED',
    succeeded: 3,
    failed: 1,
    evaluationsQueued: 0,
    evaluationsRunning: 0,
  })
  expect(await scoresOf(id)).toEqual({
    status: 'COMPLETED',
    scores: [
      { name: 'balance', value: 0.25, comment: expect.stringMatching(/^(4|3| )+$/), evaluatorVersion: 1, error: null },
      { name: 'whole', value: null, comment: null, evaluatorVersion: 1, error: { message: 'not today' } },
    ],
    // It has no series of items.
    stats: { scores: [{ name: 'is', count: 3 }] },
    evaluators: [{ definition: { level: 'RUN' } }, { definition: { level: 'ITEM' } }, { definition: { level: 'RUN' } }],
  })
  const [results] = seen
  expect(results?.run).toEqual({
    id: encodeGlobalId('Run', id),
    name: run.name,
    total: 4,
    succeeded: 3,
    failed: 1,
    costUsd: null,
  })
  expect(results?.items.find(({ input }) => input === 3)).toMatchObject({
    ...{ status: 'FAILED', output: null, expectedOutput: 3, repetition: 0, tags: [], scores: {} },
    error: { code: 'TASK_FAILED', message: 'no' },
  })
  expect(results?.items.find(({ input }) => input === 0)).toMatchObject({
    output: 'even',
    scores: { is: 4 },
    error: null,
  })

  scoreRun = ({ items }) => items.length
  await retryFailedScores(t.services, t.scope, id)
  await followRun(t, id)
  expect((await scoresOf(id)).scores[1]).toMatchObject({ value: 4, error: null })

  fails = () => false
  await retryFailedItems(t.services, t.scope, id)
  await followRun(t, id)
  expect((await scoresOf(id)).scores).toMatchObject([
    { name: 'balance', value: 0.5 },
    { name: 'whole', value: 4 },
  ])

  await updateEvaluator(t.services, t.scope, {
    id: byCode.id,
    definition: { kind: 'code', code: 'const evaluate = ({ items }) => -items.length', level: 'RUN' },
  })
  await rescoreRuns(t.services, t.scope, { runIds: [id], evaluatorIds: [byCode.id] })
  const rescored = await followRun(t, id)
  expect(rescored.run).toMatchObject({ status: 'COMPLETED', rescoring: { status: 'COMPLETED', total: 1, opened: 1 } })
  expect((await scoresOf(id)).scores[0]).toMatchObject({ name: 'balance', value: -4, evaluatorVersion: 2 })
  expect(await t.db.prisma.formerScore.count({ where: { runId: id, ordinal: null } })).toBe(1)
})

it('leaves large texts out, and says so', async () => {
  const whole = await createEvaluator(t.services, t.scope, {
    name: 'large',
    active: false,
    definition: { kind: 'module', module: 'whole' },
  })
  const datasetId = await seedDataset(t, ['x'.repeat(20_000)])
  const task = { kind: 'module' as const, name: 'parity' }
  const experimentId = await seedExperiment(t, datasetId, task)
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds: [whole.id] })
  await followRun(t, id)
  expect(seen.at(-1)?.items).toMatchObject([
    { input: null, expectedOutput: null, output: 'odd', omitted: ['input', 'expectedOutput'] },
  ])
  expect((await scoresOf(id)).scores).toMatchObject([{ name: 'large', value: 1 }])
})
