/** Two runs, judged item by item in both orders. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { verdict } from '../../helpers/judge.ts'
import { type ModelServer, startModelServer } from '../../helpers/model-server/model-server.ts'
import { seedProvider } from '../../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let models: ModelServer
let datasetId: string

/** Prefers the larger number, the first of "vain" ones whatever they are, and neither of equal ones. */
beforeAll(async () => {
  models = await startModelServer(({ prompt }) => {
    const [first = '', second = ''] = ['first', 'second'].map(
      (name) => new RegExp(`<${name}>\n(.*)\n`).exec(prompt)?.[1],
    )
    if (first.startsWith('vain')) return verdict('first')
    return verdict(
      first === second ? 'tie' : Number(first) > Number(second) ? 'first' : 'second',
      `${first} or ${second}`,
    )
  })
  t = await startTestServer({
    tasks: [
      { name: 'low', run: (input) => (input === 'vain' ? 'vain 1' : input) },
      { name: 'middle', run: (input) => (input === 'vain' ? 'vain 3' : input % 3 === 0 ? input + 0.5 : input) },
      { name: 'high', run: (input) => (input === 'vain' ? 'vain 2' : input === 3 ? 3 : input + (input < 8 ? 1 : -1)) },
    ],
  })
  await seedProvider(t, models.openai, { kind: 'OPENAI_COMPATIBLE' })
  await t.startWorker()
  datasetId = await seedDataset(t, [1, 2, 3, 4, 5, 6, 7, 8, 9, 'vain'])
})
afterAll(() => Promise.all([t[Symbol.asyncDispose](), models.stop()]))

async function run(task: string, evaluatorIds: string[] = []) {
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: task })
  const { id } = await startRun(t.services, t.scope, { experimentId, evaluatorIds })
  const { items } = await followRun(t, id)
  return { id, items: [...items.values()] }
}

const comparing = (name: string, baselineId: string) =>
  createEvaluator(t.services, t.scope, {
    ...{ name, active: false },
    definition: { kind: 'pairwise', provider: 'test', model: 'gpt-4o-mini', baselineId },
  })

it('asks in both orders, and takes contradictions for ties with a label of their own', async () => {
  const low = await run('low')
  const { id } = await comparing('better than low', low.id)
  const high = await run('high', [id])
  const found = high.items.map(({ output, scores: [score] }) => [output, score?.value, score?.label])
  expect(new Set(found)).toEqual(
    new Set([
      ...[2, 3, 5, 6, 7, 8].map((output) => [output, 1, 'candidate']),
      [3, 0.5, 'tie'],
      ...[7, 8].map((output) => [output, 0, 'baseline']),
      ['vain 2', 0.5, 'inconsistent'],
    ]),
  )
  expect(models.requests).toHaveLength(20)
  const { data } = await t.query(`{ evaluator(name: "better than low") {
    min max definition { ... on PairwiseEvaluator { baselineId messages { role } } }
    report { swaps { consistency { value successes count interval { low } } firstPreferred { successes count } } } } }`)
  expect(data.evaluator).toMatchObject({ min: 0, max: 1, definition: { baselineId: encodeGlobalId('Run', low.id) } })
  // Of ten pairs it contradicted itself about one, in which it liked the first place.
  expect(data.evaluator.report.swaps).toEqual({
    consistency: { value: 0.9, successes: 9, count: 10, interval: { low: expect.closeTo(0.596, 3) } },
    firstPreferred: { successes: 1, count: 1 },
  })
})

it('ranks more than two runs by all pairs that judges have compared', async () => {
  const ids: string[] = []
  for (const task of ['low', 'high', 'middle']) {
    const evaluators = await Promise.all(ids.map((id) => comparing(`${task} against ${id}`, id)))
    const evaluatorIds = evaluators.map(({ id }) => id)
    ids.push((await run(task, evaluatorIds)).id)
  }
  const ask = (runIds: string[], name?: string) =>
    t.query(
      `query ($runIds: [ID!]!, $name: String) { pairwiseRanking(runIds: $runIds, name: $name) {
        comparisons clusters ties inconsistent { value successes count }
        runs { run { id } strength standardError winRate interval { low high } } } }`,
      { runIds: runIds.map((id) => encodeGlobalId('Run', id)), name },
    )
  const { pairwiseRanking: ranking } = (await ask(ids)).data
  expect(ranking).toMatchObject({ comparisons: 30, clusters: 10, inconsistent: { successes: 3, count: 30 } })
  const strengths = new Map<string, number>(
    ranking.runs.map(({ run, strength }: { run: { id: string }; strength: number }) => [run.id, strength]),
  )
  const [low = 0, high = 0, middle = 0] = ids.map((id) => strengths.get(encodeGlobalId('Run', id)))
  expect(low).toBe(0)
  expect(high).toBeGreaterThan(middle)
  expect(middle).toBeGreaterThan(low)
  expect(ranking.runs.map(({ strength }: { strength: number }) => strength)).toEqual([high, middle, low])
  const [best] = ranking.runs
  expect(best.interval.low).toBeLessThan(best.strength)
  expect(best.standardError).toBeGreaterThan(0)
  // Two runs that only one name compares, and none where nobody was compared.
  const [first = '', second = ''] = ids
  const [own, others] = [await ask([first, second], `high against ${first}`), await ask([first, second], 'none')]
  expect(own.data.pairwiseRanking).toMatchObject({ comparisons: 10, runs: [{}, {}] })
  // Of two runs the log odds are those of the rate at which one wins: 6 wins and 2 ties of 10.
  expect(own.data.pairwiseRanking.runs[0].strength).toBeCloseTo(Math.log(0.7 / 0.3), 8)
  expect(others.data.pairwiseRanking).toMatchObject({ comparisons: 0, runs: null })
  const { errors } = await ask([first])
  expect(errors?.[0]).toMatchObject({ message: 'expected 2 to 50 runs, got 1', path: ['pairwiseRanking'] })
})

it('refuses a baseline that the project does not have, and messages that do not show both outputs', async () => {
  await expect(comparing('of nothing', crypto.randomUUID())).rejects.toThrow('There is no run')
  const { id } = await run('low')
  const definition = { kind: 'pairwise', provider: 'test', model: 'm', baselineId: id }
  const messages = [{ role: 'USER', content: '{{first}}' }]
  await expect(
    createEvaluator(t.services, t.scope, { name: 'half', definition: { ...definition, messages } }),
  ).rejects.toThrow('expected messages that show {{first}} and {{second}}')
})
