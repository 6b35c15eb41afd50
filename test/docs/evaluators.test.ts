/** Follows docs/evaluators.md literally. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { blocksOf, executed } from '../helpers/documented.ts'
import { seedDataset } from '../helpers/engine.ts'
import { seedProvider } from '../helpers/prompt-task.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
  await seedProvider(t, 'https://api.openai.com/v1', { name: 'openai' })
})
afterAll(() => t[Symbol.asyncDispose]())

test('the operations on the page work, in their order', async () => {
  const [
    code = '',
    http = '',
    trajectory = '',
    similarity = '',
    composite = '',
    ofRun = '',
    rescore = '',
    versions = '',
    ...more
  ] = blocksOf('docs/evaluators.md', 'graphql')
  expect(more).toEqual([])
  expect((await executed(t, code)).createEvaluator.evaluator).toEqual({
    version: 1,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  await executed(t, http)
  expect((await executed(t, trajectory)).createEvaluator.evaluator).toEqual({ dataType: 'BOOLEAN' })
  expect((await executed(t, similarity)).createEvaluator.evaluator).toEqual({ dataType: 'NUMERIC', min: -1, max: 1 })
  expect((await executed(t, composite)).createEvaluator.evaluator).toEqual({ dataType: 'NUMERIC' })
  expect((await executed(t, ofRun)).createEvaluator.evaluator).toEqual({ definition: { level: 'RUN' } })

  const datasetId = await seedDataset(t, ['x'])
  const run = encodeGlobalId('Run', await recordRun(t, datasetId, [{ item: 0, output: 'as [1] says' }]))
  const { evaluator } = (await t.query('{ evaluator(name: "cites") { id } }')).data
  const begun = await executed(t, rescore, { 'id of the run': run, 'id of the evaluator': evaluator.id })
  expect(begun.rescoreRuns.runs).toEqual([
    { id: run, status: 'COMPLETED', scoring: { status: 'RUNNING', total: 1, done: 0, costUsd: 0, budgetUsd: 2 } },
  ])
  const found = await executed(t, versions, { 'id of the run': run })
  expect(found.run).toEqual({ scoring: { status: 'RUNNING', total: 1, done: 0, costUsd: 0 }, scoreVersions: [] })
})

test('the code and the trajectory on the page score as the page says', async () => {
  const preview = async (name: string, output: string, metadata: string) => {
    const { evaluator } = (await t.query(`{ evaluator(name: "${name}") { id } }`)).data
    const { data } = await t.query(
      `mutation ($output: JSON, $metadata: JSON) { previewEvaluator(input: { id: "${evaluator.id}", output: $output, metadata: $metadata }) {
        ... on PreviewEvaluatorPayload { evaluations { value comment } error { message } } } }`,
      { output: JSON.parse(output), metadata: JSON.parse(metadata) },
    )
    return data.previewEvaluator
  }
  expect(await preview('cites', '"As [1] and [1] say, and [2]."', '{"sources": ["a", "b", "c", "d"]}')).toEqual({
    error: null,
    evaluations: [{ value: 0.5, comment: '2 of 4 sources' }],
  })
  const calls = (amount: number) => `[{"role": "assistant", "toolCalls": [
    {"name": "find_order", "arguments": {}}, {"name": "refund", "arguments": {"orderId": 1, "amount": ${amount}}}]}]`
  expect((await preview('tools', calls(50), 'null')).evaluations).toEqual([{ value: 1, comment: null }])
  const [refused] = (await preview('tools', calls(500), 'null')).evaluations
  expect(refused).toEqual({ value: 0, comment: expect.stringContaining('/amount must be <= 100') })
})
