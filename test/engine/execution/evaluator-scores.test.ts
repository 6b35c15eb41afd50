/** What the evaluators of a run leave behind: scores of the declared type, errors, or at least their row in its statistics. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

/** 18 KB that do not compress to what an index can hold. */
const essay = Array.from({ length: 2_500 }, (_, n) => n * n).join()

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [{ name: 'echo', run: (input) => input }],
    evaluators: [
      { name: 'worded', dataType: 'NUMERIC', evaluate: () => '0.8' },
      { name: 'of nothing', evaluate: () => null },
      {
        name: 'partly',
        evaluate: ({ output }) => [
          { name: 'good', value: output },
          { name: 'bad', value: output > 1 ? Number.NaN : 'fine' },
          { name: 'x'.repeat(6_000), value: 1, costUsd: 0.25 },
        ],
      },
      { name: 'first', evaluate: () => ({ name: 'shared', value: 1 }) },
      { name: 'second', evaluate: () => ({ name: 'shared', value: 0 }) },
      { name: 'plain', evaluate: () => 1 },
      { name: 'wordy', dataType: 'CATEGORICAL', evaluate: ({ output }) => (output > 1 ? essay : 'brief') },
    ],
  })
})
afterAll(() => t[Symbol.asyncDispose]())

const module = (name: string) => ({ kind: 'module', module: name })

async function begin(names: string[], inputs: unknown[] = [1, 2], definitions: object[] = []) {
  const evaluatorIds: string[] = []
  for (const [index, name] of names.entries()) {
    const definition = definitions[index] ?? module(name)
    evaluatorIds.push((await createEvaluator(t.services, t.scope, { name, definition, active: false })).id)
  }
  const datasetId = await seedDataset(t, inputs as number[])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds })
  return { id, evaluatorIds }
}

const summaries = (runId: string) =>
  t.db.prisma.runScoreSummary.findMany({ where: { runId }, orderBy: { name: 'asc' } })

test('the scores of a run have the name that its evaluator had when it started, whichever worker executes it later', async () => {
  const { id, evaluatorIds } = await begin(['plain'], [1, 2, 3])
  await updateEvaluator(t.services, t.scope, { id: evaluatorIds[0] as string, name: 'renamed' })
  await t.startWorker()
  await followRun(t, id)
  expect(await summaries(id)).toMatchObject([{ name: 'plain', count: 3 }])
})

test('a value of another type than the declared one is an error that says what was expected and what came', async () => {
  const { id } = await begin(['worded'])
  const { items } = await followRun(t, id)
  expect(await summaries(id)).toMatchObject([{ name: 'worded', dataType: 'NUMERIC', count: 0, errorCount: 2 }])
  expect(items.get(0)?.scores?.[0]).toMatchObject({
    ...{ value: null, label: null },
    error: { message: 'Expected a number for "worded", which is NUMERIC, got "0.8".' },
  })
})

test('an evaluator that applied to nothing has its row, and a mistyped path is an error', async () => {
  const mistyped = { kind: 'builtin', type: 'exactMatch', outputPath: '$.label', expectedPath: '$.lable' }
  const inputs = [{ label: 'a' }, { label: 'b' }]
  const { id } = await begin(['of nothing', 'mistyped'], inputs, [module('of nothing'), mistyped])
  const { run, items } = await followRun(t, id)
  expect(run.succeeded).toBe(2)
  expect(await summaries(id)).toMatchObject([
    { name: 'mistyped', count: 0, errorCount: 2 },
    { name: 'of nothing', count: 0, errorCount: 0 },
  ])
  expect(items.get(0)?.scores?.[0]?.error).toMatchObject({ message: expect.stringContaining('nothing at $.lable') })
})

test('two evaluators that give one name do not merge: it is that of the first, and an error of the other', async () => {
  const { id } = await begin(['first', 'second'], [1])
  const { items } = await followRun(t, id)
  expect(await summaries(id)).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'shared', count: 1, errorCount: 0, scoreCount: 1 })]),
  )
  const scores = items.get(0)?.scores ?? []
  expect(scores.filter(({ value }) => value !== null)).toHaveLength(1)
  expect(scores.filter(({ error }) => error !== null)).toMatchObject([
    { error: { message: expect.stringContaining('another evaluator of this run already gives "shared"') } },
  ])
})

test('what is no score beside others is an error, and takes no other with it', async () => {
  const { id } = await begin(['partly'], [2, 1])
  const { items, run } = await followRun(t, id)
  expect(run).toMatchObject({ succeeded: 2, evaluatorCostSum: 0.5 })
  const series = { errorCount: 0, dataType: 'NUMERIC' }
  expect(await summaries(id)).toMatchObject([
    { name: 'bad', count: 1, errorCount: 0, dataType: 'CATEGORICAL' },
    { name: 'good', count: 2, ...series },
    { name: 'partly', count: 0, errorCount: 2 },
  ])
  const errors = [...items.values()].flatMap(({ scores }) => scores.flatMap(({ error }) => error ?? []))
  const tooLong = 'Expected a score with a name of at most 200 characters, got 6000.'
  expect(errors.map((error) => (error as { message: string }).message).sort()).toEqual([
    `"bad": Expected a finite number, a boolean, a string or null for "does not apply", got NaN. ${tooLong}`,
    tooLong,
  ])
})

test('a label that is too long to be counted is an error, and the output is kept', async () => {
  const { id } = await begin(['wordy'], [1, 2])
  const { items, run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 2 })
  expect(await summaries(id)).toMatchObject([{ name: 'wordy', count: 1, errorCount: 1 }])
  const errors = [...items.values()].flatMap(({ scores }) => scores.flatMap(({ error }) => error ?? []))
  expect(errors).toMatchObject([
    {
      code: 'EVALUATOR_FAILED',
      message: `Expected a label of at most 400 characters for "wordy", which is CATEGORICAL, got ${essay.length}.`,
    },
  ])
})
