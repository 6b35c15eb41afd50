import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadLatencyBuckets, loadScoreSummaries } from '../../../src/db/sql/run/load-run-stats.ts'
import { decideEarly, type EarlyStopInput, type Question } from '../../../src/domain/early-stop.ts'
import { InvalidInputError } from '../../../src/domain/errors.ts'
import type { Direction } from '../../../src/domain/evaluation.ts'
import { encodeGlobalId } from '../../../src/domain/global-id.ts'
import { sidesOf } from '../../../src/domain/statistics/point-test.ts'
import { compareMetrics } from '../../../src/engine/comparison/compare-metrics.ts'
import { openComparison } from '../../../src/engine/comparison/comparison.ts'
import { EarlyStops } from '../../../src/engine/comparison/early-stops.ts'
import { checkRun } from '../../../src/engine/comparison/gates.ts'
import { ComparisonSequences } from '../../../src/engine/comparison/sequences.ts'
import { createEvaluator } from '../../../src/engine/evaluators.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'

const gate = { open: Promise.withResolvers<void>(), entered: 0, aborted: 0 }
const score = (name: string) => ({ score: { name } })
const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)

let t: TestEngine
let earlyStops: EarlyStops

beforeAll(async () => {
  t = await createTestEngine({
    tasks: [
      { name: 'right', run: (input) => input },
      { name: 'wrong', run: () => -1 },
      {
        // Calls for slow items only end when they are aborted.
        name: 'rightAtFirst',
        run: async (input: number, { id }, { signal }) => {
          if (!slow.has(id)) return input
          gate.entered += 1
          signal.addEventListener('abort', () => (gate.aborted += 1))
          await gate.open.promise
          return input
        },
      },
    ],
  })
  const exact = { kind: 'builtin', type: 'exactMatch', ignoreCase: false, normalizeWhitespace: false } as const
  await createEvaluator(t.services, t.scope, {
    name: 'exact',
    definition: { ...exact, outputPath: null, expectedPath: null },
  })
  earlyStops = new EarlyStops(t.services, t.feeds.changes, t.comparisons.sequences)
  await t.startWorker()
})
afterAll(async () => {
  gate.open.resolve()
  await earlyStops.stop()
  await t[Symbol.asyncDispose]()
})

const slow = new Set<string>()

async function baselineOf(datasetId: string, task: string): Promise<string> {
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: task })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, id)
  return id
}

test('a run whose comparison is decided stops with the verdict of the sequence', async () => {
  const datasetId = await seedDataset(t, numbers(300))
  const baselineId = await baselineOf(datasetId, 'wrong')
  const scheduled = await t.db.prisma.runItem.findMany({ where: { runId: baselineId }, orderBy: { ordinal: 'asc' } })
  for (const { itemId } of scheduled.slice(100)) slow.add(encodeGlobalId('DatasetItem', String(itemId)))

  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'rightAtFirst' }, { concurrency: 20 })
  const earlyStop = { baselineId, metric: score('exact') }
  const { id } = await startRun(t.services, t.scope, { experimentId, earlyStop })
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'STOPPED', stopReason: 'EARLY_DECISION', queued: 0, running: 0 })
  expect(run.cancelled).toBeGreaterThanOrEqual(200)
  expect(run.succeeded + run.cancelled).toBe(300)
  expect(gate.entered).toBeGreaterThan(0)
  await expect.poll(() => gate.aborted).toBe(gate.entered)

  const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds: [id] })
  const [exact, latency] = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
  // The fixed-n figures do not hold for a run whose result decided when it stopped, and it was asked about these items.
  expect(exact).toMatchObject({ interval: null, pValue: null, pairsNeeded: null, selected: true })
  expect(exact).toMatchObject({ verdict: 'INCONCLUSIVE', reason: 'STOPPED_EARLY' })
  expect(exact?.onTheseItems).toMatchObject({ verdict: 'IMPROVED', reason: null })
  expect(exact?.onTheseItems.interval?.low).toBeGreaterThanOrEqual(0)
  expect(latency).toMatchObject({ verdict: 'INCONCLUSIVE', pValue: null })

  const checked = async (question?: Question) => {
    const notWorse = [{ metric: score('exact'), margin: 0.001, question }]
    const stopped = await t.db.prisma.run.findUniqueOrThrow({ where: { id } })
    const reads = {
      experiment: (id: string) => t.db.prisma.experiment.findUniqueOrThrow({ where: { id } }),
      summaries: (id: string) => loadScoreSummaries(t.db.pool, [id]),
      buckets: (id: string) => loadLatencyBuckets(t.db.pool, [id]),
    }
    const sequences = new ComparisonSequences(t.db)
    return checkRun(t.db, sequences, t.scope, stopped, { gate: { notWorse }, baselineId }, reads)
  }
  expect((await checked('ON_THESE_ITEMS'))?.status).toBe('PASSED')
  expect(await checked()).toMatchObject({
    status: 'FAILED',
    checks: [{}, { reason: expect.stringContaining('finish the run, or ask about these items') }, {}],
  })

  // When resumed, it continues to its end, although the comparison is as decided as before.
  slow.clear()
  await resumeRun(t.services, t.scope, id)
  expect((await followRun(t, id)).run).toMatchObject({ status: 'COMPLETED', stopReason: null, succeeded: 300 })
})

test('a run without a difference continues to its end, unless not being worse is enough', async () => {
  const datasetId = await seedDataset(t, numbers(150))
  const baselineId = await baselineOf(datasetId, 'right')
  const start = async (task: string, margin?: number) => {
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: task })
    const earlyStop = { baselineId, metric: score('exact'), margin, question: 'ON_ITEMS_LIKE_THESE' as const }
    const { id } = await startRun(t.services, t.scope, { experimentId, earlyStop })
    return (await followRun(t, id)).run
  }
  expect(await start('right')).toMatchObject({ status: 'COMPLETED', succeeded: 150 })

  const scheduled = await t.db.prisma.runItem.findMany({ where: { runId: baselineId }, orderBy: { ordinal: 'asc' } })
  for (const { itemId } of scheduled.slice(100)) slow.add(encodeGlobalId('DatasetItem', String(itemId)))
  const stopped = await start('rightAtFirst', 0.2)
  expect(stopped).toMatchObject({ status: 'STOPPED', stopReason: 'EARLY_DECISION', succeeded: 100 })
  const comparison = await openComparison(t.db, t.scope, { baselineId, candidateIds: [stopped.id] })
  const [exact] = await compareMetrics(t.db, new ComparisonSequences(t.db), comparison)
  expect(exact).toMatchObject({ delta: 0, margin: 0.2, verdict: 'EQUIVALENT', reason: null })
})

test('an early-stop rule is rejected when its baseline or score cannot decide anything', async () => {
  const datasetId = await seedDataset(t, numbers(2))
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'right' })
  const baselineId = await recordRun(t, datasetId, [{ item: 0, scores: { free: 3, correct: true } }])
  const elsewhere = await recordRun(t, await seedDataset(t, [1]), [{ item: 0, scores: { correct: true } }])
  const start = (earlyStop: EarlyStopInput) => startRun(t.services, t.scope, { experimentId, earlyStop })
  await expect(start({ baselineId, metric: score('free') })).rejects.toThrow(/bounds/)
  await expect(start({ baselineId, metric: score('absent') })).rejects.toThrow(InvalidInputError)
  await expect(start({ baselineId: elsewhere, metric: score('correct') })).rejects.toThrow(/another dataset/)
  await expect(start({ baselineId, metric: score('correct'), margin: -1 })).rejects.toMatchObject({
    path: ['earlyStop', 'margin'],
  })
})

test('tests of 0 and of the margin decide, in the direction of the score and by the question', () => {
  const up = 'HIGHER_IS_BETTER'
  /** The mean is known to be between these. */
  const between = (low: number, high: number, margin: number) =>
    sidesOf({ side: (mean) => (low >= mean ? 'ABOVE' : high <= mean ? 'BELOW' : null) }, margin)
  const like = (low: number, high: number, margin: number, direction: Direction = up) =>
    decideEarly(between(low, high, margin), direction, margin, 'ON_ITEMS_LIKE_THESE')
  expect(like(0.01, 0.5, 0)).toBe('IMPROVED')
  expect(like(-0.5, -0.01, 0)).toBe('REGRESSED')
  expect(like(-0.1, 0.1, 0)).toBe('INCONCLUSIVE')
  expect(like(-0.1, 0.3, 0.2)).toBe('NOT_WORSE')
  expect(like(-0.1, 0.1, 0.2)).toBe('EQUIVALENT')
  expect(like(-0.3, -0.01, 0.2)).toBe('INCONCLUSIVE')
  expect(like(-0.5, -0.3, 0.2)).toBe('REGRESSED')
  expect(like(0.01, 0.5, 0, 'LOWER_IS_BETTER')).toBe('REGRESSED')
  expect(like(-0.5, -0.1, 0.2, 'LOWER_IS_BETTER')).toBe('IMPROVED')
  expect(like(-0.3, 0.1, 0.2, 'LOWER_IS_BETTER')).toBe('NOT_WORSE')
  expect(like(1, 2, 0, 'NONE')).toBe('INCONCLUSIVE')

  const these = (low: number, high: number, margin: number) =>
    decideEarly(between(low, high, margin), up, margin, 'ON_THESE_ITEMS')
  expect(these(0.01, 0.5, 0)).toBe('IMPROVED')
  expect(these(0.01, 0.5, 0.2)).toBe('NOT_WORSE')
  expect(these(0.3, 0.5, 0.2)).toBe('IMPROVED')
  expect(these(0.01, 0.1, 0.2)).toBe('EQUIVALENT')
  expect(these(-0.5, -0.1, 0.2)).toBe('INCONCLUSIVE')
})
