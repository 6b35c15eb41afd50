/** Follows docs/judges.md literally. */
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
  const blocks = blocksOf('docs/judges.md', 'graphql')
  const [make = '', templates = '', own = '', report = '', corrected = '', pairwise = '', ranking = '', ...rest] =
    blocks
  const [calibrated = '', gate = ''] = rest
  expect(blocks).toHaveLength(9)
  const { createEvaluator } = await executed(t, make)
  expect(createEvaluator.evaluator).toMatchObject({ dataType: 'BOOLEAN', direction: 'HIGHER_IS_BETTER' })
  const { judgeTemplates } = await executed(t, templates)
  const names = ['conciseness', 'context-correctness', 'context-relevance', 'correctness', 'hallucination']
  const more2 = ['helpfulness', 'relevance', 'toxicity', 'tool-choice', 'task-completion']
  expect(judgeTemplates.map(({ name }: { name: string }) => name)).toEqual([...names, ...more2])
  const made = (await executed(t, own)).createEvaluator.evaluator
  expect(made).toEqual({
    ...{ dataType: 'NUMERIC', min: 0, max: 1 },
    definition: { method: 'STRUCTURED', parameters: { temperature: 0 } },
  })
  const { evaluator } = await executed(t, report)
  expect(evaluator).toMatchObject({ report: { items: 0, relatedModels: [] }, before: { kappa: { value: null } } })
  const datasetId = await seedDataset(t, ['x'])
  const runId = await recordRun(t, datasetId, [{ item: 0, scores: { correctness: true } }])
  const { run } = await executed(t, corrected, { 'id of the run': encodeGlobalId('Run', runId) })
  // The recorded scores are of no version of an evaluator.
  expect(run.correctedScore).toMatchObject({ items: 0, labelled: 0, mean: null, predictionPowered: null })
  const ids = { 'id of the baseline': encodeGlobalId('Run', runId) }
  const compared = (await executed(t, pairwise, ids)).createEvaluator.evaluator
  expect(compared).toMatchObject({ min: 0, max: 1, definition: { baselineId: encodeGlobalId('Run', runId) } })
  const candidate = await recordRun(t, datasetId, [{ item: 0, scores: { correctness: true } }])
  const both = { ...ids, 'id of the run': encodeGlobalId('Run', candidate) }
  expect((await executed(t, ranking, both)).pairwiseRanking).toMatchObject({ comparisons: 0, runs: null })
  expect((await executed(t, calibrated, both)).compareRuns.calibratedDeltas).toEqual([
    { items: 0, labelled: 0, uncorrected: null, corrected: null },
  ])
  const { updateEvaluator } = await executed(t, gate, { 'id of the evaluator': createEvaluator.evaluator.id })
  expect(updateEvaluator.evaluator).toEqual({ version: 2, onlyIf: { score: 'valid', min: 1 } })
})

test('every template makes an evaluator, in its direction, whose definition can be sent back as it is shown', async () => {
  const { judgeTemplates } = (await t.query('{ judgeTemplates { name direction } }')).data
  for (const { name, direction } of judgeTemplates) {
    const { data } = await t.query(
      `mutation ($name: String!, $template: String!) { createEvaluator(input: { name: $name, datasetIds: null, definition: { judge: {
        provider: "openai", model: "gpt-4o-mini", template: $template } } }) { ... on CreateEvaluatorPayload { evaluator {
          id version hash direction definition { ... on JudgeEvaluator { provider model template method
            messages { role content } variables { name path } scale { labels { label value description } } } } } }
        ... on UserError { message } } }`,
      { name: `${name} 2`, template: name },
    )
    const { id, hash, definition, ...evaluator } = data.createEvaluator.evaluator
    expect(evaluator.direction).toBe(direction)
    const sent = await t.query(
      `mutation ($input: UpdateEvaluatorInput!) { updateEvaluator(input: $input) {
        ... on UpdateEvaluatorPayload { evaluator { version hash } } ... on UserError { message } } }`,
      { input: { id, definition: { judge: definition } } },
    )
    expect(sent.data.updateEvaluator.evaluator).toEqual({ version: 1, hash })
  }
})
