/** What evaluators cost is kept: by score, item and run, apart from the task's cost, and it counts towards the budget. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { FunctionsUnavailableError } from '../../../src/domain/execution/functions.ts'
import { TaskError } from '../../../src/domain/execution/task.ts'
import { result } from '../../../src/domain/execution/task-result.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
const evaluatorIds: Record<string, string> = {}

beforeAll(async () => {
  t = await startTestServer({
    tasks: [{ name: 'priced', run: (input) => result({ output: input, costUsd: 0.25 }) }],
    evaluators: [
      {
        name: 'judge',
        evaluate: ({ output }) => [
          { value: output, costUsd: 0.5 },
          { name: 'second look', value: true, costUsd: 0.125 },
        ],
      },
      {
        name: 'picky',
        evaluate: ({ output }) => {
          const spent = { costUsd: 2, inputTokens: null, outputTokens: null }
          if (output === 1) throw new TaskError('OVERLOADED', 'The judge said nothing.', { retryable: false, spent })
          return output === 2 ? { value: null, costUsd: 4 } : { value: 1, costUsd: 'free' as unknown as number }
        },
      },
    ],
  })
  for (const name of ['judge', 'picky']) {
    const definition = { kind: 'module', module: name }
    evaluatorIds[name] = (await createEvaluator(t.services, t.scope, { name, definition, active: false })).id
  }
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

async function run(names: string[], inputs: number[], settings = {}) {
  const datasetId = await seedDataset(t, inputs)
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'priced' }, settings)
  const ids = names.map((name) => evaluatorIds[name] as string)
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds: ids })
  return followRun(t, id)
}

const stats = `stats { costUsd evaluatorCostUsd scores { name count errorCount missingCount } }`

test('costs of scores add up to those of the item and of the run, apart from the task’s', async () => {
  const { run: ended, items } = await run(['judge'], [1, 2, 3])
  expect(ended).toMatchObject({ costSum: 0.75, evaluatorCostSum: 1.875, evaluatorCostCount: 3, status: 'COMPLETED' })
  for (const item of items.values()) {
    expect(item).toMatchObject({ costUsd: 0.25, evaluatorCostUsd: 0.625 })
    expect(item.scores?.map(({ name, costUsd }) => [name, costUsd])).toEqual([
      ['judge', 0.5],
      ['second look', 0.125],
    ])
  }
  const id = encodeGlobalId('Run', ended.id)
  const { data } = await t.query(`{ run(id: "${id}") { ${stats}
    items(first: 1) { nodes { costUsd evaluatorCostUsd scores { name costUsd } } } } }`)
  expect(data.run.stats).toMatchObject({ costUsd: 0.75, evaluatorCostUsd: 1.875 })
  expect(data.run.items.nodes[0]).toEqual({
    ...{ costUsd: 0.25, evaluatorCostUsd: 0.625 },
    scores: [
      { name: 'judge', costUsd: 0.5 },
      { name: 'second look', costUsd: 0.125 },
    ],
  })
  const exported = await fetch(`${t.url}/export/runs/${id}.jsonl`)
  const [line = ''] = (await exported.text()).split('\n')
  expect(JSON.parse(line)).toMatchObject({
    evaluatorCostUsd: 0.625,
    scores: [{ costUsd: 0.5 }, { costUsd: 0.125 }],
  })
})

test('an evaluator that fails or does not apply has cost what it says, and what is no cost is unknown', async () => {
  const { run: ended, items } = await run(['picky'], [1, 2, 3])
  expect(ended).toMatchObject({ evaluatorCostSum: 6, evaluatorCostCount: 2 })
  const byInput = [...items.values()].map(({ output, evaluatorCostUsd, scores = [] }) => [
    ...[output, evaluatorCostUsd],
    scores.map(({ value, costUsd, error }) => [value, costUsd, error !== null]),
  ])
  expect(byInput.sort()).toEqual([
    [1, 2, [[null, 2, true]]],
    [2, 4, []],
    [3, null, [[1, null, false]]],
  ])
  const { data } = await t.query(`{ run(id: "${encodeGlobalId('Run', ended.id)}") { ${stats} } }`)
  expect(data.run.stats.scores).toEqual([{ name: 'picky', count: 1, errorCount: 1, missingCount: 1 }])
})

test('a call is not repeated because an evaluator became unavailable', async () => {
  const ended = new FunctionsUnavailableError('The process of the functions has ended.')
  vi.spyOn(t.services.functions, 'evaluate').mockRejectedValueOnce(ended)
  const { run: completed, items } = await run(['judge'], [1])
  expect(completed).toMatchObject({ status: 'COMPLETED', succeeded: 1, costSum: 0.25, costCount: 1 })
  expect([...items.values()][0]).toMatchObject({ costUsd: 0.25, evaluatorCostUsd: 0.625, attempts: 1 })
})

test('a budget covers what evaluators cost', async () => {
  const inputs = Array.from({ length: 20 }, (_, n) => n)
  const { run: ended } = await run(['judge'], inputs, { budgetUsd: 3, concurrency: 4 })
  expect(ended).toMatchObject({ status: 'STOPPED', stopReason: 'BUDGET' })
  // 0.25 and 0.625 an item: the first call shows it, then three cost 2.625 and a fourth would exceed it.
  expect(ended.costSum + ended.evaluatorCostSum).toBe(2.625)
})

test('a preview shows what a score would cost', async () => {
  const { data } = await t.query(`mutation { previewEvaluator(input: {
    definition: { module: { name: "judge" } }, output: 1 }) {
    ... on PreviewEvaluatorPayload { evaluations { name costUsd } } ... on UserError { message } } }`)
  expect(data.previewEvaluator.evaluations).toEqual([
    { name: 'preview', costUsd: 0.5 },
    { name: 'second look', costUsd: 0.125 },
  ])
})
