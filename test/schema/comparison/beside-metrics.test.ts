/** What a comparison says beside its metrics: groups, places, ratios, labels, other ways to count, dependence, and plans. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string
let baseline: string
let candidate: string
let other: string

const items = Array.from({ length: 60 }, (_, index) => index)
/** Half of the items are hard; twelve passages of five items each. */
const isHard = (item: number) => item % 2 === 1
const passageOf = (item: number) => Math.floor(item / 5)

const tone = (item: number, run: number) => (run === 0 || item % 3 > 0 ? (item % 2 ? 'fine' : 'bad') : 'good')

/** The candidate solves all hard items of the first nine passages; two repetitions, of which the second always fails for item 0. */
const run = (number: number): RecordedExecution[] =>
  items.flatMap((item) =>
    [0, 1].map((repetition): RecordedExecution => {
      const passed =
        number === 0 ? !isHard(item) || (item % 4 === 1 && repetition === 0) : !isHard(item) || passageOf(item) < 9
      if (item === 0 && repetition === 1) return { item, repetition, status: 'FAILED', error: 'no', costUsd: 0.002 }
      return {
        ...{ item, repetition, latencyMs: 100 + item, costUsd: number === 0 ? 0.002 : 0.001 },
        scores: { correct: passed, tone: tone(item, number) },
      }
    }),
  )

const options = { repetitions: 2, policies: { correct: 'WORST' as const } }

beforeAll(async () => {
  t = await startTestServer()
  datasetId = await seedDataset(t, items, {
    tags: (item) => [isHard(item) ? 'hard' : 'easy', ...(item < 10 ? ['new'] : [])],
    metadata: (item) => ({ passage: passageOf(item), number: item, level: isHard(item) ? 'hard' : 'easy' }),
  })
  const ids = [await recordRun(t, datasetId, run(0), options), await recordRun(t, datasetId, run(1), options)]
  ids.push(await recordRun(t, datasetId, run(0), options))
  ;[baseline, candidate, other] = ids.map((id) => encodeGlobalId('Run', id)) as [string, string, string]
  await t.db.prisma.run.updateMany({ where: { id: { in: ids } }, data: { costSum: 0.12, costCount: 120 } })
})
afterAll(() => t[Symbol.asyncDispose]())

const correct = { score: { name: 'correct' } }

/** What `compareRuns` has of this selection. */
async function compared(selection: string, variables: Record<string, unknown> = {}, candidates = [candidate]) {
  const { declared = '', args = '', ...values } = variables
  const { data, errors } = await t.query(
    `query ($b: ID!, $c: [ID!]!${declared}) {
      compareRuns(baselineId: $b, candidateIds: $c ${args}) { ${selection} } }`,
    { b: baseline, c: candidates, ...values },
  )
  return { compared: data?.compareRuns, errors }
}

describe('groups', () => {
  const selection = (by: string) => `byGroup(metric: {score: {name: "correct"}}, by: ${by}) {
    groupCount interaction { pValue groups } groups { value delta pairs improved unchanged interval { low high } method } }`

  test('by a value of the metadata have their own differences, and one test says whether they differ', async () => {
    const { compared: found } = await compared(selection('{metadata: ["level"]}'))
    const { groups, groupCount, interaction } = found.byGroup[0]
    expect(groups).toMatchObject([
      { value: 'easy', delta: 0, pairs: 30, improved: 0 },
      { value: 'hard', pairs: 30, improved: expect.any(Number), interval: { low: expect.any(Number) } },
    ])
    expect(groups[1].delta).toBeGreaterThan(0.4)
    expect(groupCount).toBe(2)
    expect(interaction.groups).toBe(2)
    expect(interaction.pValue).toBeLessThan(1e-4)
  })

  test('by tag count an item in each of its tags, the largest first', async () => {
    const { compared: found } = await compared(selection('{tag: true}'))
    expect(found.byGroup[0].groups.map(({ value, pairs }: { value: string; pairs: number }) => [value, pairs])).toEqual(
      [
        ['easy', 30],
        ['hard', 30],
        ['new', 10],
      ],
    )
    expect(found.byGroup[0].interaction.groups).toBe(3)
  })

  test('refuse what is no grouping', async () => {
    const { errors } = await compared('byGroup(metric: {score: {name: "correct"}}, by: {tag: false}) { groupCount }')
    expect(errors?.[0]).toMatchObject({ message: 'Expected true, or a path of the metadata, got false.' })
  })
})

test('several runs have places, and the best of them looks too good', async () => {
  const { compared: found } = await compared(
    'ranking(metric: {score: {name: "correct"}}) { items optimism runs { run { id } mean delta interval { low high } ranks { from to } } }',
    {},
    [candidate, other],
  )
  const { items: count, optimism, runs } = found.ranking
  expect(count).toBe(60)
  expect(runs[0]).toMatchObject({ run: { id: candidate }, ranks: { from: 1, to: 1 } })
  expect(runs[0].interval.low).toBeGreaterThan(0)
  expect(runs.slice(1).map(({ ranks }: { ranks: object }) => ranks)).toEqual([
    { from: 2, to: 3 },
    { from: 2, to: 3 },
  ])
  expect(optimism).toBeGreaterThanOrEqual(0)
  const alone = await compared('ranking(metric: {score: {name: "tone"}}) { items }')
  expect(alone.errors?.[0]?.message).toBe('Expected a metric of which one value is better than another, got "tone".')
})

test('the cost per success is that of all calls, and unknown with one that is not known', async () => {
  const selection = `ratio(of: {cost: true}, per: {score: {name: "correct"}}) { baselineRatio candidateRatio relative interval { low high } pValue pairs unknown }`
  const { compared: found } = await compared(selection)
  const [ratio] = found.ratio
  const successes = (number: number) => run(number).filter(({ scores }) => scores?.correct === true).length / 2
  expect(ratio).toMatchObject({ pairs: 60, unknown: 0 })
  expect(ratio.baselineRatio).toBeCloseTo((60 * 0.002) / successes(0), 9)
  expect(ratio.relative).toBeLessThan(0.5)
  expect(ratio.interval.low).toBeLessThan(ratio.relative)
  const { rows } = await t.db.pool.query<{ id: string }>(
    `UPDATE run_item SET cost_usd = NULL WHERE run_id = (SELECT id FROM run ORDER BY created_at DESC LIMIT 1) AND ordinal = 7 RETURNING run_id AS id`,
  )
  const unknown = await compared(selection, {}, [encodeGlobalId('Run', rows[0]?.id ?? '')])
  expect(unknown.compared.ratio).toMatchObject([
    { unknown: 1, pairs: 59, relative: null, baselineRatio: null, interval: null },
  ])
  await t.db.pool.query('UPDATE run_item SET cost_usd = 0.002 WHERE run_id = $1 AND ordinal = 7', [rows[0]?.id])
})

test('labels go from one to another', async () => {
  const { compared: found } = await compared(
    'labelChanges(metric: {score: {name: "tone"}}) { pairs unchanged pValue degreesOfFreedom transitions { from to count } }',
  )
  const [changes] = found.labelChanges
  expect(changes).toMatchObject({ pairs: 60, unchanged: 40, degreesOfFreedom: 2 })
  expect(changes.pValue).toBeLessThan(0.001)
  expect(changes.transitions).toContainEqual({ from: 'bad', to: 'good', count: 10 })
  const { errors } = await compared('labelChanges(metric: {score: {name: "correct"}}) { pairs }')
  expect(errors?.[0]?.message).toBe('Expected a CATEGORICAL score, got "correct".')
})

describe('scores counted in another way', () => {
  const metrics =
    'metrics { metric { kind name } countedAs { pass { k every } success } baselineMean candidateMean delta verdict pairs lacking }'
  const declared = ', $counted: [CountedScoreInput!]'
  const args = ', counted: $counted'
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it
  const countedOnes = (found: any) => found.metrics.filter(({ countedAs }: any) => countedAs !== null)

  test('are pass@k and pass^k, with failed repetitions as failures, and labels that are a success', async () => {
    const counted = [
      { metric: correct, as: { pass: { k: 2 } } },
      { metric: correct, as: { pass: { k: 2, every: true } } },
      { metric: { score: { name: 'tone' } }, as: { success: ['good', 'fine'] } },
    ]
    const { compared: found, errors } = await compared(metrics, { declared, args, counted })
    expect(errors).toBeUndefined()
    const [anyOf, every, tones] = countedOnes(found)
    const share = (number: number, is: (passed: boolean[]) => boolean) =>
      items.filter((item) =>
        is(
          run(number)
            .filter((one) => one.item === item)
            .map(({ scores }) => scores?.correct === true),
        ),
      ).length / 60
    for (const [place, number] of [
      ['baselineMean', 0],
      ['candidateMean', 1],
    ] as const) {
      expect(anyOf[place]).toBeCloseTo(
        share(number, (passed) => passed.some(Boolean)),
        12,
      )
      expect(every[place]).toBeCloseTo(
        share(number, (passed) => passed.every(Boolean)),
        12,
      )
    }
    expect(anyOf).toMatchObject({ countedAs: { pass: { k: 2, every: false } }, pairs: 60 })
    expect(every).toMatchObject({ countedAs: { pass: { k: 2, every: true } }, verdict: 'IMPROVED' })
    expect(tones).toMatchObject({ countedAs: { success: ['good', 'fine'] }, verdict: 'IMPROVED' })
    // Of item 0 one repetition failed: half of it is no success.
    expect(tones.baselineMean).toBeCloseTo(30 / 60, 12)
  })

  test.each([
    [
      { metric: correct, as: { pass: { k: 3 } } },
      'Expected at most as many tries as the 2 repetitions of the runs, got 3.',
    ],
    [
      { metric: correct, as: { success: ['yes'] } },
      'Expected a CATEGORICAL score for "success", got "correct", which is BOOLEAN.',
    ],
    [{ metric: { latency: true }, as: { pass: { k: 1 } } }, 'Expected a BOOLEAN score for "pass", got latency.'],
  ])('are refused where they cannot be: %j', async (one, message) => {
    const { errors } = await compared(metrics, { declared, args, counted: [one] })
    expect(errors?.[0]?.message).toBe(message)
  })

  test('are rules of gates, and the lower end of an interval is asked for', async () => {
    const gate = {
      minMeans: [
        { metric: correct, value: 0.9, as: { pass: { k: 2, every: true } } },
        { metric: correct, value: 0.85 },
        { metric: correct, value: 0.85, lowerEnd: true },
        { metric: correct, value: 0.5, as: { pass: { k: 5 } } },
      ],
      notWorse: [
        { metric: correct, margin: 0.01, as: { pass: { k: 1 } } },
        { metric: { score: { name: 'tone' } }, margin: 0.01, as: { success: ['good'] } },
      ],
      maxFailureRate: 0.1,
    }
    const { data, errors } = await t.query(
      `query ($id: ID!, $baseline: ID!, $gate: GateInput!) { run(id: $id) { gate(gate: $gate, baselineId: $baseline) { checks { rule passed actual reason } } } }`,
      { id: candidate, baseline, gate },
    )
    expect(errors).toBeUndefined()
    const checks = data.run.gate.checks.filter(
      ({ rule }: { rule: string }) => rule === 'MIN_MEAN' || rule === 'NOT_WORSE',
    )
    expect(checks.map(({ passed }: { passed: boolean }) => passed)).toEqual([false, true, false, false, true, true])
    expect(checks[2].reason).toMatch(
      /^The mean of "correct" is 0\.8\d+ \(95 % interval 0\.\d+ to 0\.\d+\); the lower end must be at least 0\.85\.$/,
    )
    expect(checks[3].reason).toBe('Expected at most as many tries as the 2 repetitions of the runs, got 5.')
    expect(checks[4].reason).toMatch(/^"correct" pass@1 is better than in the baseline/)
  })
})

test('failed calls are left out of latency, or as long as the timeout, and it says so', async () => {
  const latency = async (failures: string | null) => {
    const { compared: found } = await compared('metrics { metric { kind } failurePolicy baselineMean delta lacking }', {
      declared: ', $f: FailurePolicy',
      args: ', latencyFailures: $f',
      f: failures,
    })
    return found.metrics.find(({ metric }: { metric: { kind: string } }) => metric.kind === 'LATENCY')
  }
  expect(await latency(null)).toMatchObject({ failurePolicy: 'MISSING', baselineMean: expect.closeTo(129.5, 9) })
  const { settings } = await t.db.prisma.run.findFirstOrThrow()
  const { timeoutMs } = settings as { timeoutMs: number }
  expect(await latency('WORST')).toMatchObject({
    failurePolicy: 'WORST',
    baselineMean: expect.closeTo(129.5 + (timeoutMs - 100) / 120, 6),
    delta: 0,
  })
})

test('a margin may be a share of the mean of the baseline, also in a gate', async () => {
  const { compared: found } = await compared('metrics { metric { kind name } margin baselineMean verdict }', {
    declared: ', $m: [MetricMarginInput!]',
    args: ', margins: $m',
    m: [{ metric: { cost: true }, margin: 0.1, ofBaseline: true }],
  })
  const cost = found.metrics.find(({ metric }: { metric: { kind: string } }) => metric.kind === 'COST')
  expect(cost.margin).toBeCloseTo(0.1 * cost.baselineMean, 12)
  const { data } = await t.query(
    `query ($id: ID!, $baseline: ID!, $gate: GateInput!) { run(id: $id) { gate(gate: $gate, baselineId: $baseline) { checks { rule passed reason } } } }`,
    {
      id: baseline,
      baseline: candidate,
      gate: { notWorse: [{ metric: { cost: true }, margin: 0.1, ofBaseline: true }] },
    },
  )
  const check = data.run.gate.checks.find(({ rule }: { rule: string }) => rule === 'NOT_WORSE')
  expect(check).toMatchObject({
    passed: false,
    reason: expect.stringContaining("the margin is 10 % of the baseline's mean."),
  })
})

test('items that change alike are warned of, until a path is named', async () => {
  const dependence = 'dependence { path metric { kind name } clusters { count icc designEffect } }'
  const { compared: found } = await compared(dependence)
  expect(found.dependence[0]).toMatchObject({ metric: { kind: 'SCORE', name: 'correct' } })
  expect(found.dependence.map(({ path }: { path: string[] }) => path)).toContainEqual(['level'])
  const named = await compared(dependence, { args: ', clusterPath: ["passage"]' })
  expect(named.compared.dependence).toEqual([])
})

test('the mean of one run has an interval, of clusters if the dataset names them', async () => {
  const interval = async () => {
    const { data, errors } = await t.query(
      'query ($id: ID!) { run(id: $id) { stats { scores { name mean stderr interval { low high } } } } }',
      { id: candidate },
    )
    expect(errors).toBeUndefined()
    return data.run.stats.scores.find(({ name }: { name: string }) => name === 'correct')
  }
  const independent = await interval()
  expect(independent.interval.low).toBeLessThan(independent.mean - 1.9 * independent.stderr)
  await t.db.prisma.dataset.update({ where: { id: datasetId }, data: { clusterPath: ['passage'] } })
  const clustered = await interval()
  expect(clustered.interval.low).toBeLessThan(independent.interval.low - 0.02)
  await t.db.prisma.dataset.update({ where: { id: datasetId }, data: { clusterPath: [] } })
})

describe('a plan', () => {
  const planQuery = `query ($runId: ID!, $baselineId: ID, $metric: MetricInput!, $goal: PlanGoalInput!, $power: Float) {
    planRun(runId: $runId, baselineId: $baselineId, metric: $metric, goal: $goal, power: $power) {
      run { id } baseline { id } goal { effect margin } power pairs variance repetitions split { items repetitions } datasetItems reached
      options { repetitions items executions costUsd isAvailable } recommended { repetitions items expectedStop } } }`
  const plan = (variables: object) => t.query(planQuery, { runId: candidate, metric: correct, ...variables })

  test('says how many items and repetitions show an effect, what they cost, and where they stop', async () => {
    const { data, errors } = await plan({ baselineId: baseline, goal: { effect: 0.3 } })
    expect(errors).toBeUndefined()
    const { options, split, recommended, ...rest } = data.planRun
    expect(rest).toMatchObject({
      goal: { effect: 0.3, margin: null },
      power: 0.8,
      pairs: 60,
      repetitions: 2,
      datasetItems: 60,
    })
    expect(split.repetitions).toBeGreaterThan(0)
    expect(options.map(({ repetitions }: { repetitions: number }) => repetitions)).toEqual([1, 2, 3, 5, 10])
    for (const { repetitions, items: needed, executions, costUsd, isAvailable } of options) {
      expect(executions).toBe(needed * repetitions)
      expect(costUsd).toBeCloseTo(executions * 0.001, 9)
      expect(isAvailable).toBe(needed <= 60)
      const variance = split.items + split.repetitions / repetitions
      expect(needed).toBe(
        Math.ceil(((1.959963984540054 + 0.8416212335729143) ** 2 * variance) / 0.09 + 1.959963984540054 ** 2 / 2),
      )
    }
    expect(recommended).toMatchObject({ repetitions: 1 })
    expect(recommended.expectedStop).toBeLessThan(recommended.items)
  })

  test('from one run alone says so, and a goal out of reach has no recommendation, but what all items would show', async () => {
    const { data } = await plan({ goal: { margin: 0.01 } })
    expect(data.planRun).toMatchObject({ baseline: null, goal: { margin: 0.01 }, recommended: null })
    expect(data.planRun.reached).toBeGreaterThan(0.01)
  })

  test.each([
    [{ goal: { effect: -1 } }, 'Expected a number above 0, got -1.'],
    [{ goal: { effect: 0.1 }, power: 1 }, 'Expected a power of 0.5 or more and below 1, got 1.'],
    [{ goal: { effect: 0.1 }, metric: { score: { name: 'tone' } } }, 'Expected a metric with numbers, got "tone".'],
    [
      { goal: { effect: 0.1 }, baselineId: 'UnVuOjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMA==' },
      'There is no such run in this project.',
    ],
  ])('is refused: %j', async (variables, message) => {
    const { errors } = await plan(variables)
    expect(errors?.[0]?.message).toBe(message)
  })
})
