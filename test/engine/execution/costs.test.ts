/** What calls cost is kept, whatever became of them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TaskError } from '../../../src/domain/execution/task.ts'
import { result } from '../../../src/domain/execution/task-result.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      { name: 'useless', run: () => result({ output: 1n, costUsd: 0.5 }) },
      {
        name: 'second try',
        run: (_input, { attempt }) => {
          const spent = { costUsd: 0.25, inputTokens: 10, outputTokens: 1 }
          if (attempt === 1) throw new TaskError('OWN', 'again', { retryable: true, spent })
          return result({ output: 'ok', ...spent })
        },
      },
      { name: 'echo', run: (input) => result({ output: input, costUsd: 1 }) },
      {
        name: 'tiny',
        run: (input: number, { attempt }) => {
          const isLater = attempt === 1 && input > 2e-170
          if (isLater) throw new TaskError('OWN', 'later', { retryable: true, retryAfterMs: 100 })
          return input
        },
      },
      {
        name: 'lang',
        run: (_input, { metadata }) => result({ output: (metadata as { lang: string }).lang, costUsd: 0.1 }),
      },
    ],
    evaluators: [{ name: 'likelihood', evaluate: ({ output }) => output }],
  })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

async function run(task: string, inputs: (number | string)[], settings: object = {}, datasetId?: string) {
  const id = datasetId ?? (await seedDataset(t, inputs))
  const experimentId = await seedExperiment(t, id, { kind: 'module', name: task }, settings)
  return followRun(t, (await startRun(t.services, t.scope, { experimentId })).id)
}

test('calls whose answers are useless spend the budget', async () => {
  const { run: ended, items } = await run('useless', [...Array(20).keys()], { budgetUsd: 1, maxAttempts: 1 })
  expect(ended).toMatchObject({ status: 'STOPPED', stopReason: 'BUDGET', costSum: 1, costCount: 2, failed: 2 })
  expect([...items.values()].filter(({ costUsd }) => costUsd === 0.5)).toHaveLength(2)
})

test('an item costs what all of its attempts cost', async () => {
  const { run: ended, items } = await run('second try', [1, 2, 3])
  expect(ended).toMatchObject({ status: 'COMPLETED', costSum: 1.5, costCount: 3, inputTokens: 60n, outputTokens: 6n })
  expect([...items.values()].map(({ costUsd, inputTokens }) => [costUsd, inputTokens])).toEqual([
    [0.5, 20],
    [0.5, 20],
    [0.5, 20],
  ])
})

test.for([1e200, -1e101, 1e-200, 5e-324, 1e100])('an output is kept whatever its score: %d', async (value) => {
  const datasetId = await seedDataset(t, [value, 0.5, 0.25])
  const definition = { kind: 'module', module: 'likelihood' }
  const evaluator = await createEvaluator(t.services, t.scope, {
    ...{ name: `likelihood of ${value}`, definition, datasetIds: [datasetId] },
  })
  const { run: ended, items } = await run('echo', [], {}, datasetId)
  expect(ended).toMatchObject({ status: 'COMPLETED', succeeded: 3, costSum: 3 })
  const outputs = [...items.values()].map(({ output }) => output)
  expect(outputs.sort()).toEqual([0.25, 0.5, value].sort())
  const summary = await t.db.prisma.runScoreSummary.findFirst({ where: { runId: ended.id, name: evaluator.name } })
  const isKept = Math.abs(value) <= 1e100
  expect(summary).toMatchObject({ count: isKept ? 3 : 2, errorCount: isKept ? 0 : 1 })
  if (isKept) return
  const scores = [...items.values()].flatMap(({ scores }) => scores)
  expect(scores.find(({ error }) => error)?.error).toMatchObject({
    code: 'EVALUATOR_FAILED',
    message: `Expected a value from -1e+100 to 1e+100 for "likelihood of ${value}", which is NUMERIC, got ${value}.`,
  })
})

test('scores whose differences have no square are kept, also from one batch to the next', async () => {
  const datasetId = await seedDataset(t, [1e-170, 3e-170])
  await createEvaluator(t.services, t.scope, {
    ...{ name: 'tiny', definition: { kind: 'module', module: 'likelihood' }, datasetIds: [datasetId] },
  })
  const { run: ended } = await run('tiny', [], {}, datasetId)
  expect(ended).toMatchObject({ status: 'COMPLETED', succeeded: 2 })
  const summary = await t.db.prisma.runScoreSummary.findFirst({ where: { runId: ended.id } })
  expect(summary).toMatchObject({ count: 2, sum: 0, m2: 0, min: 1e-170, max: 3e-170 })
})

test('the cache gives no item the answer of another, and what it gives costs nothing', async () => {
  const datasetId = await seedDataset(t, ['same', 'same'])
  await t.db.pool.query(
    `UPDATE dataset_item_revision SET metadata = jsonb_build_object('lang', CASE item_id % 2 WHEN 0 THEN 'de' ELSE 'en' END)
     WHERE dataset_id = $1`,
    [datasetId],
  )
  const first = await run('lang', [], { cache: true }, datasetId)
  const second = await run('lang', [], { cache: true }, datasetId)
  const outputs = ({ items }: typeof first) => [...items.values()].map(({ itemId, output }) => [itemId, output])
  expect(new Set(outputs(first).map(([, output]) => output))).toEqual(new Set(['de', 'en']))
  expect(new Map(outputs(second) as [])).toEqual(new Map(outputs(first) as []))
  expect([...second.items.values()].map(({ cached, costUsd }) => [cached, costUsd])).toEqual([
    [true, 0],
    [true, 0],
  ])
  expect(second.run).toMatchObject({ costSum: 0, costCount: 2, costMax: null })
})
