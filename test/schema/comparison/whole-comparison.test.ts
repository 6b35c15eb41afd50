/** All that is said of a comparison at once: read once, and mirrored when the runs are swapped. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seededRandom } from '../../../src/domain/statistics/seeded-random.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { recordStatements } from '../../helpers/statements.ts'

let t: TestServer
let datasetId: string

const count = 60
const items = Array.from({ length: count }, (_, item) => item)

beforeAll(async () => {
  t = await startTestServer()
  datasetId = await seedDataset(t, items, {
    tags: (item) => ['all', item % 3 === 0 ? 'three' : 'other'],
    metadata: (item) => ({ passage: item >> 2, level: item % 4, one: 'and the same' }),
  })
})
afterAll(() => t[Symbol.asyncDispose]())

interface Arm {
  seed: number
  repetitions: number
  failing: number
  skill: number
}

const arm: fc.Arbitrary<Arm> = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  repetitions: fc.integer({ min: 1, max: 3 }),
  failing: fc.constantFrom(0, 0, 0.15),
  skill: fc.constantFrom(0.2, 0.5, 0.9),
})

/** A run with failures, items that it does not have, and scores that lack, fail, or are labels. */
function record({ seed, repetitions, failing, skill }: Arm): Promise<string> {
  const random = seededRandom(seed)
  const executions = items
    .filter(() => random() > 0.05)
    .flatMap((item) =>
      Array.from({ length: repetitions }, (_, repetition): RecordedExecution => {
        const costUsd = 0.001 + 0.001 * random()
        if (random() < failing) return { item, repetition, status: 'FAILED', error: 'no', costUsd }
        const graded = random() < 0.1 ? null : Math.round(100 * random() ** (1 / (2 * skill))) / 100
        return {
          ...{ item, repetition, costUsd, latencyMs: 100 + 50 * random() },
          scores: {
            correct: random() < skill,
            graded,
            ...(random() < 0.9 ? { free: random() * 1e3 } : {}),
            tone: ['calm', 'angry', 'fine'][Math.floor(3 * random() ** (2 * skill))] as string,
          },
        }
      }),
    )
  const options = {
    repetitions,
    policies: { correct: 'WORST' as const },
    ranges: { graded: [0, 1] as [number, number] },
  }
  return recordRun(t, datasetId, executions, options)
}

const everything = `
  metrics { metric { kind name } countedAs { success pass { k } } baselineMean candidateMean delta interval { low high } bounds { low high }
    pValue adjustedPValue method pairs improved regressed unchanged missing lacking leftOut notExecuted verdict reason pairsNeeded
    pairsNeededRange { low high } detectable familySize sequence { low high } sequencePairs selected clusters { count icc designEffect }
    onTheseItems { verdict reason interval { low high } } }
  byTag: byGroup(metric: {score: {name: "graded"}}, by: {tag: true}) { ...groups }
  byLevel: byGroup(metric: {score: {name: "correct"}}, by: {metadata: ["level"]}) { ...groups }
  ranking(metric: {score: {name: "graded"}}) { items optimism runs { run { id } mean delta interval { low high } ranks { from to } } }
  ratio(of: {cost: true}, per: {score: {name: "correct"}}) { baselineRatio candidateRatio relative interval { low high } pValue pairs unknown }
  labelChanges(metric: {score: {name: "tone"}}) { pairs unchanged pValue degreesOfFreedom transitions { from to count } }
  dependence { path metric { name } clusters { count icc designEffect } }`

async function compare([baseline, candidate]: readonly [string, string], clusterPath: readonly string[] | null) {
  const { data, errors } = await t.query(
    `query ($baseline: ID!, $candidate: ID!, $clusterPath: [String!]) {
      compareRuns(baselineId: $baseline, candidateIds: [$candidate], clusterPath: $clusterPath,
        counted: [{metric: {score: {name: "tone"}}, as: {success: ["fine"]}}]) { ${everything} } }
    fragment groups on ComparisonGroups { groupCount interaction { pValue groups } groups { value baselineMean candidateMean
      delta interval { low high } bounds { low high } method pairs improved regressed unchanged missing lacking clusters { count icc designEffect } } }`,
    { baseline: encodeGlobalId('Run', baseline), candidate: encodeGlobalId('Run', candidate), clusterPath },
  )
  expect(errors).toBeUndefined()
  return data.compareRuns
}

// biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of it
type Found = any

const negated = (x: number | null) => (x === null ? null : 0 - x)
const flipped = (interval: { low: number; high: number } | null) =>
  interval && { low: 0 - interval.high, high: 0 - interval.low }
const winner: Record<string, string> = { IMPROVED: 'REGRESSED', REGRESSED: 'IMPROVED' }
const turned = (verdict: string) => winner[verdict] ?? verdict

/** The figures as they are from the other side. */
const mirrored = ({ baselineMean, candidateMean, delta, interval, bounds, improved, regressed, ...same }: Found) => ({
  ...same,
  ...{ baselineMean: candidateMean, candidateMean: baselineMean, improved: regressed, regressed: improved },
  ...{ delta: negated(delta), interval: flipped(interval), bounds: flipped(bounds) },
})

const mirroredMetric = ({ sequence, onTheseItems, verdict, ...figures }: Found) => ({
  ...mirrored(figures),
  sequence: flipped(sequence),
  verdict: turned(verdict),
  onTheseItems: { ...onTheseItems, verdict: turned(onTheseItems.verdict), interval: flipped(onTheseItems.interval) },
})

const mirroredGroups = ([{ groups, ...same }]: Found) => [{ ...same, groups: groups.map(mirrored) }]

function mirroredRuns(runs: Found) {
  const [delta, interval] = runs.reduce(
    ([delta, interval]: Found, run: Found) => [run.delta ?? delta, run.interval ?? interval],
    [null, null],
  )
  return runs.map((run: Found) =>
    run.delta === null
      ? { ...run, delta: negated(delta), interval: flipped(interval) }
      : { ...run, delta: null, interval: null },
  )
}

const sorted = (transitions: Found) => transitions.toSorted((a: Found, b: Found) => (key(a) < key(b) ? -1 : 1))
const key = ({ from, to }: { from: string; to: string }) => `${from} ${to}`

test('every figure is mirrored exactly when the runs are swapped', async () => {
  const methods = new Set<string>()
  await fc.assert(
    fc.asyncProperty(arm, arm, fc.constantFrom(null, ['passage']), async (one, other, clusterPath) => {
      const runs = [await record(one), await record({ ...other, seed: one.seed + other.seed })] as const
      const [there, back] = [await compare(runs, clusterPath), await compare([runs[1], runs[0]], clusterPath)]
      for (const { method } of there.metrics) methods.add(method)
      expect(back.metrics).toEqual(there.metrics.map(mirroredMetric))
      expect(back.byTag).toEqual(mirroredGroups(there.byTag))
      expect(back.byLevel).toEqual(mirroredGroups(there.byLevel))
      expect(back.ranking).toEqual({ ...there.ranking, runs: mirroredRuns(there.ranking.runs) })
      expect(back.dependence).toEqual(there.dependence)
      const [labels, labelsBack] = [there.labelChanges[0], back.labelChanges[0]]
      const exchanged = labels.transitions.map((one: Found) => ({ ...one, from: one.to, to: one.from }))
      expect({ ...labelsBack, transitions: sorted(labelsBack.transitions) }).toEqual({
        ...labels,
        transitions: sorted(exchanged),
      })
      const [ratio, ratioBack] = [there.ratio[0], back.ratio[0]]
      const { baselineRatio, candidateRatio, relative, interval, ...same } = ratio
      expect(ratioBack).toMatchObject({ ...same, baselineRatio: candidateRatio, candidateRatio: baselineRatio })
      // The mirror image of a ratio is one over it, which is not a number with finitely many digits.
      expect(ratioBack.relative * relative).toBeCloseTo(1, 14)
      expect(ratioBack.interval.low * interval.high).toBeCloseTo(1, 14)
      expect(ratioBack.interval.high * interval.low).toBeCloseTo(1, 14)
    }),
    { seed: 5, numRuns: 6 },
  )
  expect(methods).toContain('CLUSTERED_T')
  expect(methods).toContain('EXACT_MCNEMAR')
})

test('whatever is asked of a comparison, the rows of its runs are read once', async () => {
  const runs = [
    await record({ seed: 1, repetitions: 1, failing: 0.1, skill: 0.5 }),
    await record({ seed: 2, repetitions: 2, failing: 0, skill: 0.9 }),
  ] as const
  const [found, statements] = await recordStatements(() => compare(runs, ['passage']))
  expect(found.labelChanges[0].pairs).toBeGreaterThan(10)
  const reading = (what: RegExp) => statements.filter((statement) => what.test(statement)).length
  expect({
    executions: reading(/AS "itemIds"/),
    scores: reading(/AS ordinals.*s\.value/s),
    labels: reading(/AS labels/),
    clusters: reading(/AS clusters/),
  }).toEqual({ executions: 2, scores: 2, labels: 2, clusters: 1 })
})

const spread = (by: number) => (item: number, run: number) => by * ((item % 7) - 3 + run * (item % 2))
const scored = (value: (item: number, run: number) => number) => (item: number, run: number) => ({
  scores: { correct: item % 2 === 0, graded: value(item, run), tone: 'calm' },
})

test.each<[string, number, [number, number] | null, (item: number, run: number) => Partial<RecordedExecution>]>([
  ['values of 1e100', count, null, scored(spread(2e99))],
  ['values of 1e100 within such bounds', count, [-1e100, 1e100], scored(spread(2e99))],
  ['values of 1e-308', count, [0, 1e-307], scored((item, run) => Math.abs(spread(1e-308)(item, run)))],
  ['values of 1e-320 and 1e100', count, null, scored((item, run) => (item === run ? 1e100 : 1e-320 * item))],
  ['values that are all equal', count, [0, 1], scored(() => 0.1)],
  ['one pair', 1, [0, 1], scored((_, run) => run)],
  ['two pairs', 2, null, scored(spread(1))],
  ['failures only', count, [0, 1], () => ({ status: 'FAILED', error: 'no' })],
  ['failed evaluators only', count, [0, 1], () => ({ scores: { correct: null, graded: null, tone: 'calm' } })],
  ['costs of nothing', count, [0, 1], (item, run) => ({ ...scored(spread(0.01))(item, run), costUsd: 0 })],
])('%s are compared without an error', async (_, size, range, executionOf) => {
  const ids: string[] = []
  for (const run of [0, 1]) {
    const executions = items
      .slice(0, size)
      .map((item): RecordedExecution => ({ item, costUsd: 1e-9, ...executionOf(item, run) }))
    // What has no score has no series: one item has them all.
    if (!executions.some(({ scores }) => scores)) executions[0] = { item: 0, ...scored(() => 0.5)(0, run), costUsd: 1 }
    ids.push(await recordRun(t, datasetId, executions, range ? { ranges: { graded: range } } : {}))
  }
  for (const clusterPath of [[], ['passage'], ['one']]) {
    const found = await compare(ids as [string, string], clusterPath)
    const { interval, delta } = found.metrics.find(({ metric }: Found) => metric.name === 'graded')
    if (interval) expect(interval.low <= delta && delta <= interval.high).toBe(true)
  }
})

test('a score whose rules differ is compared by those of the newest run, whichever is the baseline, and it says so', async () => {
  const executions = items.map((item): RecordedExecution => ({ item, scores: { harm: item % 2 } }))
  const older = await recordRun(t, datasetId, executions)
  const newer = await recordRun(t, datasetId, executions, { directions: { harm: 'LOWER_IS_BETTER' } })
  for (const [baseline, candidate] of [
    [older, newer],
    [newer, older],
  ] as const) {
    const { data } = await t.query(
      `query ($baseline: ID!, $candidate: ID!) { compareRuns(baselineId: $baseline, candidateIds: [$candidate]) {
        differences { kind metric { name } items } metrics { metric { name } direction } } }`,
      { baseline: encodeGlobalId('Run', baseline), candidate: encodeGlobalId('Run', candidate) },
    )
    expect(data.compareRuns.differences).toEqual([{ kind: 'RULES', metric: { name: 'harm' }, items: null }])
    expect(data.compareRuns.metrics[0]).toEqual({ metric: { name: 'harm' }, direction: 'LOWER_IS_BETTER' })
  }
})
