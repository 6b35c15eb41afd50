/** Evaluators, as users of experiment runners know them, each against a real server. */
import { expect, test } from 'vitest'
import type { ItemResult } from '../../src/client/index.ts'
import { answer, capitals, exact, Lab, name, numbers } from './lab.ts'

const lab = new Lab()

test('one failing evaluator: the others remain, the item stays', async () => {
  const broken = () => {
    throw new Error('no model')
  }
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals,
    task: answer,
    evaluators: [broken, exact],
  })
  expect(result.itemResults).toHaveLength(3)
  for (const { evaluations, evaluatorErrors } of result.itemResults) {
    expect(evaluations.map(({ name }) => name)).toEqual(['exact'])
    expect(evaluatorErrors).toEqual([{ name: 'broken', message: 'no model' }])
  }
  const run = await lab.assay.runs.get(result.runId as string)
  expect(run.stats.scores).toMatchObject([
    { name: 'broken', count: 0, errorCount: 3 },
    { name: 'exact', count: 3, errorCount: 0 },
  ])
})

test('a failing run evaluator drops only itself', async () => {
  const broken = () => {
    throw new Error('no')
  }
  const mean = ({ itemResults }: { itemResults: ItemResult[] }) => ({ name: 'items', value: itemResults.length })
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals,
    task: answer,
    runEvaluators: [broken, mean],
  })
  expect(result.runEvaluations).toMatchObject([{ name: 'items', value: 3 }])
  expect(result.runEvaluatorErrors).toEqual([{ name: 'broken', message: 'no' }])
  const { data } = await lab.server.query('query($id: ID!) { run(id: $id) { scores { name value } } }', {
    id: result.runId,
  })
  expect(data.run.scores).toEqual([{ name: 'items', value: 3 }])
})

test('single or array returns from evaluators, at item and run level; sync and async callables; plain objects; number, string, boolean values with comment, metadata, dataType kept; booleans come back BOOLEAN', async () => {
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals.slice(0, 1),
    task: answer,
    evaluators: [
      () => [
        { name: 'number', value: 0.25, comment: 'a quarter', metadata: { of: 4 } },
        { name: 'text', value: 'fine', dataType: 'TEXT' },
      ],
      async () => ({ name: 'boolean', value: true }),
      async () => [{ name: 'label', value: 'warm' }],
      function bare() {
        return 0.5
      },
      () => null,
      () => undefined,
      () => ({ name: 'none', value: null }),
    ],
    runEvaluators: [
      () => [
        { name: 'a', value: 1 },
        { name: 'b', value: false },
      ],
      async () => ({ name: 'c', value: 'x' }),
    ],
  })
  expect(result.itemResults[0]?.evaluations).toEqual([
    { name: 'number', value: 0.25, dataType: 'NUMERIC', comment: 'a quarter', metadata: { of: 4 } },
    { name: 'text', value: 'fine', dataType: 'TEXT' },
    { name: 'boolean', value: true, dataType: 'BOOLEAN' },
    { name: 'label', value: 'warm', dataType: 'CATEGORICAL' },
    { name: 'bare', value: 0.5, dataType: 'NUMERIC' },
    { name: 'none', value: null },
  ])
  const [item] = await (await lab.assay.runs.get(result.runId as string)).items()
  expect(item?.scores).toMatchObject([
    { name: 'bare', dataType: 'NUMERIC', value: 0.5 },
    { name: 'boolean', dataType: 'BOOLEAN', value: 1 },
    { name: 'label', dataType: 'CATEGORICAL', label: 'warm' },
    { name: 'number', dataType: 'NUMERIC', value: 0.25, comment: 'a quarter' },
    { name: 'text', dataType: 'TEXT', label: 'fine' },
  ])
  const { data } = await lab.server.query('query($id: ID!) { run(id: $id) { scores { name dataType value label } } }', {
    id: result.runId,
  })
  expect(data.run.scores).toMatchObject([
    { name: 'a', dataType: 'NUMERIC', value: 1 },
    { name: 'b', dataType: 'BOOLEAN', value: 0 },
    { name: 'c', dataType: 'CATEGORICAL', label: 'x' },
  ])
})

test('composite: 0.8·0.6 + 0.9·0.4 = 0.84 is appended as a third evaluation, from the evaluations of the same item', async () => {
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals,
    task: answer,
    evaluators: [() => ({ name: 'accuracy', value: 0.8 }), () => ({ name: 'style', value: 0.9 })],
    compositeEvaluator: ({ evaluations }) => {
      const value = (name: string) => Number(evaluations.find((one) => one.name === name)?.value)
      return { name: 'total', value: value('accuracy') * 0.6 + value('style') * 0.4 }
    },
  })
  for (const { evaluations } of result.itemResults) {
    expect(evaluations.map(({ name }) => name)).toEqual(['accuracy', 'style', 'total'])
    expect(evaluations[2]?.value).toBeCloseTo(0.84)
  }
  const run = await lab.assay.runs.get(result.runId as string)
  expect(run.stats.scores.find(({ name }) => name === 'total')?.mean).toBeCloseTo(0.84)
})

test('an evaluator that returns NaN, or no score at all, failed, and poisons no average', async () => {
  const scores = [1, Number.NaN, 0]
  let n = 0
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals,
    task: answer,
    maxConcurrency: 1,
    evaluators: [() => ({ name: 'score', value: scores[n++] as number }), (() => ({ points: 1 })) as never],
  })
  expect(result.format()).toContain('score: 0.500 (n = 2, 1 missing)')
  const errors = result.itemResults.flatMap(({ evaluatorErrors }) => evaluatorErrors.map(({ message }) => message))
  expect(errors).toContainEqual(expect.stringContaining('Expected a finite number, a string, a boolean or null'))
  expect(errors).toContainEqual(expect.stringContaining('got an object with the members points'))
})

test("latency is the task's alone; evaluators come after", async () => {
  const result = await lab.assay.runExperiment({
    name: name(),
    data: numbers(1),
    task: () => 1,
    evaluators: [
      async () => {
        const until = performance.now() + 500
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
        return { name: 'slow', value: 1 }
      },
    ],
  })
  expect(result.itemResults[0]?.latencyMs).toBeLessThan(450)
})

test('what evaluators cost is recorded by score, also of one that does not apply, and added up apart from the task’s', async () => {
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals,
    task: answer,
    evaluators: [
      () => ({ name: 'judge', value: 1, costUsd: 0.25 }),
      ({ input }) => ({ name: 'picky', value: input === 'Japan' ? 1 : null, costUsd: 0.5 }),
    ],
  })
  const run = await lab.assay.runs.get(result.runId as string)
  expect(run.stats).toMatchObject({ costUsd: null, evaluatorCostUsd: 2.25 })
  expect(run.stats.scores).toMatchObject([
    { name: 'judge', count: 3 },
    { name: 'picky', count: 1, missingCount: 2 },
  ])
  const { data } = await lab.server.query(
    'query($id: ID!) { run(id: $id) { items(first: 9) { nodes { evaluatorCostUsd scores { name costUsd } } } } }',
    { id: result.runId },
  )
  const { nodes } = data.run.items
  expect(nodes.map(({ evaluatorCostUsd }: { evaluatorCostUsd: number }) => evaluatorCostUsd)).toEqual([
    0.75, 0.75, 0.75,
  ])
  expect(nodes.flatMap(({ scores }: { scores: object[] }) => scores)).toHaveLength(4)
})
