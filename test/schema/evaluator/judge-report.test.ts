/** What the API says of an evaluator, from runs that people have labelled. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import { createEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { rescoreRuns } from '../../../src/engine/runs/rescore-runs.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { setScores } from '../../../src/engine/scores.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { judgeOptions, verdict } from '../../helpers/judge.ts'
import { type ModelServer, startModelServer } from '../../helpers/model-server/model-server.ts'
import { promptTask, seedProvider } from '../../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let models: ModelServer
let datasetId: string
beforeAll(async () => {
  models = await startModelServer(({ prompt }) => verdict(prompt.includes('good') ? 'right' : 'wrong'))
  t = await startTestServer({ tasks: [{ name: 'echo', run: (input) => input }] })
  await seedProvider(t, models.openai, { kind: 'OPENAI_COMPATIBLE' })
  await t.startWorker()
  datasetId = await seedDataset(t, inputs)
})
afterAll(() => Promise.all([t[Symbol.asyncDispose](), models.stop()]))

/** 40 items; what people call good, the judge does in nine of ten cases, and what they call bad in one of five. */
const inputs: Json[] = Array.from({ length: 40 }, (_, n) => {
  const truth = n % 2 === 0
  const judged = truth ? n % 20 !== 0 : n % 10 === 1
  return { n, truth, judged: judged ? 'good' : 'bad' }
})

interface Input {
  n: number
  truth: boolean
}

async function runOf(
  evaluatorId: string,
  task: Parameters<typeof seedExperiment>[2] = { kind: 'module', name: 'echo' },
) {
  const experimentId = await seedExperiment(t, datasetId, task)
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds: [evaluatorId] })
  const { items } = await followRun(t, id)
  return { id, items: [...items.values()] }
}

/** Labels of a person of those items of a run. */
async function label(
  run: Awaited<ReturnType<typeof runOf>>,
  name: string,
  person: string,
  value: (input: Input) => number | null,
) {
  const scope = { ...t.scope, person: { ...t.scope.person, name: person } }
  const scores = run.items.flatMap(({ ordinal, output }) => {
    const given = value(output as unknown as Input)
    return given === null
      ? []
      : [{ runId: run.id, ordinal, name, source: 'HUMAN' as const, dataType: 'BOOLEAN' as const, value: given }]
  })
  await setScores(t.services, scope, scores)
}

const report = `report {
  version items relatedModels correlation
  confusion { labels counts } agreement { value successes count } kappa { value interval { low high } }
  truePositiveRate { value successes count } trueNegativeRate { value successes count interval { low high } }
  alpha { value units } alphaOfPeople { value units } bias { value interval { low high } }
  lengthSlope { value } byTag { tag items agreement { value } bias }
}`

async function ask(query: string, variables: object = {}) {
  const { data, errors } = await t.query(query, variables)
  expect(errors).toBeUndefined()
  return data
}

it('reports on a judge by what people say, and corrects its mean', async () => {
  const name = 'is good'
  const { id } = await createEvaluator(t.services, t.scope, { name, definition: judgeOptions, active: false })
  const run = await runOf(id)
  const unlabelled = await ask(`{ evaluator(name: "${name}") { ${report} } }`)
  expect(unlabelled.evaluator.report).toMatchObject({ items: 0, agreement: { value: null }, kappa: { value: null } })
  await label(run, name, 'ann', ({ n, truth }) => (n < 20 ? Number(truth) : null))
  // Ben disagrees with Ann about one item: no majority, so that it counts only for α.
  await label(run, name, 'ben', ({ n, truth }) => (n < 4 ? Number(n === 3 ? !truth : truth) : null))
  const data = await ask(`{ evaluator(name: "${name}") { ${report} } run(id: "${encodeGlobalId('Run', run.id)}") {
    correctedScore(name: "${name}") { items labelled mean
      predictionPowered { mean lambda effectiveLabels interval { low high } } roganGladen { mean interval { low high } } } } }`)
  const { truePositiveRate, trueNegativeRate, ...found } = data.evaluator.report
  // Of the items 0–19, ten are good (the judge errs about item 0), ten bad (it errs about 1 and 11).
  expect(truePositiveRate).toMatchObject({ successes: 9, count: 10, value: 0.9 })
  expect(trueNegativeRate).toMatchObject({ successes: 7, count: 9 })
  expect(found).toMatchObject({
    ...{ version: 1, items: 19, relatedModels: [] },
    confusion: {
      labels: ['0', '1'],
      counts: [
        [7, 2],
        [1, 9],
      ],
    },
    agreement: { successes: 16, count: 19 },
    alphaOfPeople: { units: 4 },
    alpha: { units: 20 },
  })
  const { correctedScore } = data.run
  expect(correctedScore).toMatchObject({ items: 40, labelled: 20, mean: (18 + 4) / 40 })
  const { predictionPowered, roganGladen } = correctedScore
  expect(predictionPowered.interval.low).toBeLessThan(0.5)
  expect(predictionPowered.interval.high).toBeGreaterThan(0.5)
  expect(predictionPowered.effectiveLabels).toBeGreaterThan(20)
  expect(roganGladen.mean).toBeCloseTo((22 / 40 + 7 / 9 - 1) / (0.9 + 7 / 9 - 1), 9)
})

it('corrects the difference of two runs, and knows only runs with the score', async () => {
  const name = 'is better'
  const { id } = await createEvaluator(t.services, t.scope, { name, definition: judgeOptions, active: false })
  const [one, other] = [await runOf(id), await runOf(id)]
  for (const run of [one, other]) await label(run, name, 'ann', ({ n, truth }) => (n < 10 ? Number(truth) : null))
  const query = `query ($id: ID!, $baselineId: ID, $name: String!) { run(id: $id) {
    correctedScore(name: $name, baselineId: $baselineId) { items labelled mean predictionPowered { mean } roganGladen { mean } } } }`
  const ids = { id: encodeGlobalId('Run', other.id), baselineId: encodeGlobalId('Run', one.id) }
  expect((await ask(query, { ...ids, name })).run.correctedScore).toEqual({
    ...{ items: 40, labelled: 10, mean: 0 },
    predictionPowered: { mean: 0 },
    roganGladen: null,
  })
  expect((await ask(query, { ...ids, name: 'unknown' })).run.correctedScore).toMatchObject({ items: 0, mean: null })
  const foreign = encodeGlobalId('Run', crypto.randomUUID())
  expect((await ask(query, { ...ids, name, baselineId: foreign })).run.correctedScore).toBeNull()
})

it('corrects the differences of a comparison by what people say of both runs', async () => {
  const name = 'is best'
  const { id } = await createEvaluator(t.services, t.scope, { name, definition: judgeOptions, active: false })
  const [before, after] = [await runOf(id), await runOf(id)]
  await label(before, name, 'ann', ({ n, truth }) => (n < 10 ? Number(truth) : null))
  // People say that one of ten is worse now, which the judge has not noticed.
  await label(after, name, 'ann', ({ n, truth }) => (n < 10 ? Number(truth && n > 0) : null))
  const query = `query ($before: ID!, $after: [ID!]!, $metric: MetricInput!) {
    compareRuns(baselineId: $before, candidateIds: $after) { calibratedDeltas(metric: $metric, calibratedBy: HUMAN) {
      candidate { id } items labelled uncorrected corrected { mean interval { low high } } } } }`
  const ids = { before: encodeGlobalId('Run', before.id), after: [encodeGlobalId('Run', after.id)] }
  const { compareRuns } = await ask(query, { ...ids, metric: { score: { name } } })
  const [delta] = compareRuns.calibratedDeltas
  expect(delta).toMatchObject({
    ...{ candidate: { id: ids.after[0] }, items: 40, labelled: 10, uncorrected: 0 },
    corrected: { mean: expect.closeTo(-0.1, 12) },
  })
  expect(delta.corrected.interval.low).toBeLessThan(-0.1)
  const { errors } = await t.query(query, { ...ids, metric: { latency: true } })
  expect(errors?.[0]?.message).toMatch(/^Expected a NUMERIC or BOOLEAN score of an evaluator, got /)
})

it('reports on each version, and warns of a judge of the same family', async () => {
  const name = 'changed'
  const { id } = await createEvaluator(t.services, t.scope, { name, definition: judgeOptions, active: false })
  const before = await runOf(id)
  await label(before, name, 'ann', ({ n, truth }) => (n < 20 ? Number(truth) : null))
  const scale = {
    labels: [
      { label: 'right', value: 0 },
      { label: 'wrong', value: 1 },
    ],
  }
  await updateEvaluator(t.services, t.scope, { id, definition: { ...judgeOptions, scale } })
  const after = await runOf(id)
  await label(after, name, 'ann', ({ n, truth }) => (n < 20 ? Number(truth) : null))
  await runOf(id, promptTask({ model: 'gpt-4o' }))
  const data = await ask(`{ evaluator(name: "${name}") {
    now: report { version agreement { value } kappa { value } relatedModels } before: report(version: 1) { version agreement { value } relatedModels }
    never: report(version: 9) { version }
  } }`)
  expect(data.evaluator).toEqual({
    now: {
      version: 2,
      agreement: { value: 0.15 },
      kappa: { value: expect.closeTo(-0.7, 6) },
      relatedModels: ['test/gpt-4o'],
    },
    before: { version: 1, agreement: { value: 0.85 }, relatedModels: [] },
    never: null,
  })
  const drift = 'drift { version agreement { value count } difference { value interval { low high } } }'
  const reports = `{ evaluator(name: "${name}") { now: report { ${drift} items } before: report(version: 1) { ${drift} items agreement { value } } } }`
  expect((await ask(reports)).evaluator).toMatchObject({ now: { drift: null, items: 20 }, before: { drift: null } })

  // The new version on the outputs of the old one, which keeps its report.
  await rescoreRuns(t.services, t.scope, { runIds: [before.id], evaluatorIds: [id] })
  await followRun(t, before.id)
  expect((await ask(reports)).evaluator).toMatchObject({
    now: {
      items: 40,
      drift: { version: 1, agreement: { value: 0, count: 40 }, difference: { value: expect.closeTo(-0.1, 12) } },
    },
    before: { items: 20, agreement: { value: 0.85 }, drift: null },
  })
})
