/** Composites, and evaluators that score only what has passed another one, in runs; judges with what they cost. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../../src/domain/json/json.ts'
import { createEvaluator, updateEvaluator } from '../../../src/engine/evaluators.ts'
import { setModelPrice } from '../../../src/engine/providers/model-prices.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { callCostUsd, judgeOptions, verdict } from '../../helpers/judge.ts'
import { type ModelServer, startModelServer } from '../../helpers/model-server/model-server.ts'
import { seedProvider } from '../../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let models: ModelServer
let providerId: string
beforeAll(async () => {
  models = await startModelServer(({ prompt }) => verdict(prompt.includes('good') ? 'right' : 'wrong', 'As it is.'))
  t = await startTestServer({
    tasks: [{ name: 'echo', run: (input) => input }],
    evaluators: [
      { name: 'length', evaluate: ({ output }) => String(output).length / 10 },
      {
        name: 'several',
        evaluate: ({ output }) => [
          { name: 'first letter', value: output === 'good' ? 0.8 : 0.2 },
          { name: 'last letter', value: 0.9 },
        ],
      },
      {
        name: 'picky',
        evaluate: ({ output }) => {
          if (output === 'bad') throw new Error('too bad')
          return 1
        },
      },
    ],
  })
  providerId = (await seedProvider(t, models.openai, { kind: 'OPENAI_COMPATIBLE' })).id
  await setModelPrice(t.services, t.scope, { providerId, model: 'gpt-4o-mini', input: 1, output: 10 })
  await t.startWorker()
})
afterAll(() => Promise.all([t[Symbol.asyncDispose](), models.stop()]))

let made = 0
/** The scores of a run, by evaluator and output. */
async function scoresOf(evaluators: Record<string, object>, outputs: Json[] = ['good', 'bad']) {
  made += 1
  const ids: string[] = []
  const named = Object.entries(evaluators).map(([name, given]) => [`${name}`, given] as const)
  for (const [name, given] of named) {
    const input = {
      name: `${name} ${made}`,
      active: false,
      ...JSON.parse(JSON.stringify(given).replaceAll('#', String(made))),
    }
    ids.push((await createEvaluator(t.services, t.scope, input)).id)
  }
  const experimentId = await seedExperiment(t, await seedDataset(t, outputs), { kind: 'module', name: 'echo' })
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds: ids })
  const { items } = await followRun(t, id)
  const scores = Object.fromEntries(
    [...items.values()].map(({ output, scores }) => [
      String(output),
      Object.fromEntries(
        scores.map(({ name, value, error }) => [
          name.replace(` ${made}`, ''),
          error ? (error as { message: string }).message : value,
        ]),
      ),
    ]),
  )
  return { scores, items: [...items.values()] }
}

const module = (name: string) => ({ definition: { kind: 'module', module: name } })
const contains = (text: string) => ({ definition: { kind: 'builtin', type: 'contains', text } })
const composite = (scores: object[], options: object = {}) => ({
  definition: { kind: 'composite', scores, ...options },
})

it('a composite is the weighted mean of the scores of its execution', async () => {
  const parts = [
    { name: 'first letter', weight: 0.6 },
    { name: 'last letter', weight: 0.4 },
  ]
  const { scores } = await scoresOf({ 'a mean': composite(parts), several: module('several') })
  expect(scores.good?.['a mean']).toBeCloseTo(0.84, 12)
  expect(scores.bad?.['a mean']).toBeCloseTo(0.48, 12)
})

it('has none where one is missing or failed, unless told otherwise', async () => {
  const parts = [{ name: 'picky #' }, { name: 'is good #', weight: 3 }]
  const { scores } = await scoresOf({
    picky: module('picky'),
    'is good': contains('good'),
    none: composite(parts),
    skip: composite(parts, { missing: 'SKIP' }),
    zero: composite(parts, { missing: 'ZERO' }),
    formula: composite(parts, {
      expression: 'scores["picky #"] === null ? -1 : scores["is good #"] * 2',
      missing: 'SKIP',
    }),
    nobody: composite([{ name: 'given by nobody' }]),
  })
  expect(scores.good).toEqual({ picky: 1, 'is good': 1, none: 1, skip: 1, zero: 1, formula: 2 })
  expect(scores.bad).toEqual({ picky: 'too bad', 'is good': 0, skip: 0, zero: 0, formula: -1 })
})

it('may need other composites, but not itself', async () => {
  const { scores } = await scoresOf({
    upper: composite([{ name: 'lower #' }]),
    lower: composite([{ name: 'length #' }]),
    length: module('length'),
    one: composite([{ name: 'other #' }]),
    other: composite([{ name: 'one #' }]),
  })
  expect(scores.good).toMatchObject({ upper: 0.4, lower: 0.4 })
  expect(scores.good?.one).toMatch(/do not need "one \d+" themselves/)
  expect(scores.good?.other).toMatch(/do not need "other \d+" themselves/)
})

it('a judge is asked only about what has passed another evaluator, and what it costs is kept apart', async () => {
  models.requests.length = 0
  const { scores, items } = await scoresOf({
    judged: { definition: judgeOptions, onlyIf: { score: 'is good #', min: 1 } },
    'is good': contains('good'),
  })
  expect(scores).toEqual({ good: { judged: 1, 'is good': 1 }, bad: { 'is good': 0 } })
  expect(models.requests).toHaveLength(1)
  const [good] = items.filter(({ output }) => output === 'good')
  expect(good).toMatchObject({ costUsd: null, evaluatorCostUsd: expect.closeTo(callCostUsd, 12) })
  const score = good?.scores.find(({ name }) => name.startsWith('judged'))
  expect(score).toMatchObject({ value: 1, label: 'right', dataType: 'BOOLEAN', comment: 'As it is.' })
})

it('a condition is part of the version, and is checked', async () => {
  const input = { name: 'conditional', active: false, ...contains('x') }
  const { id, version } = await createEvaluator(t.services, t.scope, {
    ...input,
    onlyIf: { score: 'a', labels: ['yes'] },
  })
  expect((await updateEvaluator(t.services, t.scope, { id, onlyIf: { score: 'a', labels: ['yes'] } })).version).toBe(
    version,
  )
  const changed = await updateEvaluator(t.services, t.scope, { id, onlyIf: null })
  expect(changed).toMatchObject({ version: version + 1, current: { onlyIf: null } })
  await expect(updateEvaluator(t.services, t.scope, { id, onlyIf: { score: 'a' } })).rejects.toThrow(
    'onlyIf: expected min, max or labels',
  )
})

it('a judge needs a provider of the project', async () => {
  const definition = { ...judgeOptions, provider: 'nobody' }
  await expect(createEvaluator(t.services, t.scope, { name: 'of nobody', definition })).rejects.toThrow(
    'There is no provider "nobody" in this project; it has test.',
  )
})

it('a preview of a judge is made by a worker', async () => {
  const { data } = await t.query(`mutation {
    previewEvaluator(input: { output: "good", definition: { judge: { provider: "test", model: "gpt-4o-mini", template: "toxicity" } } }) {
      ... on PreviewEvaluatorPayload { error { message } evaluations { value label costUsd } }
      ... on UserError { message }
    }
  }`)
  // That model gives labels of its own.
  expect(data.previewEvaluator.error.message).toContain('one of the labels not toxic, toxic, got "wrong"')
})
