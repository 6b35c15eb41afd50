import { noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import type { RecordedScore } from '../../db/sql/score/record-scores.ts'
import type { LabelChange, SummaryChange } from '../../db/sql/score/summary-columns.ts'
import { addFailures, type Failures } from '../../domain/execution/task.ts'
import { executionScore } from '../../domain/score-series.ts'
import { bucketOf, type LatencyBucket } from '../../domain/statistics/latency-histogram.ts'
import { addValue } from '../../domain/statistics/score-moments.ts'
import { addExecution, emptyTally, type LabelCounts } from '../../domain/statistics/series-tally.ts'
import { type ItemResult, plus } from './item-result.ts'

/** What a batch of results adds to its run. */
export interface Tally {
  run: Omit<RunDelta, 'status' | 'seq'>
  scores: RecordedScore[]
  latencies: LatencyBucket[]
}

/**
 * Adds up results. Latencies count for succeeded items only; the cost of every call counts however it ended, and that of
 * a cached response is 0.
 */
export function tally(results: readonly ItemResult[]): Tally {
  const run: Tally['run'] = { ...noDelta }
  const latencies = new Map<number, number>()
  const failures: Failures = {}

  for (const { item, spent, hadCost } of results) {
    run.running -= 1
    if (item.status === 'QUEUED') run.queued += 1
    if (item.status === 'FAILED') {
      run.failed += 1
      if (item.error) addFailures(failures, item.error.code, 1)
    }
    if (item.status === 'SUCCEEDED') {
      run.succeeded += 1
      // Null: a client recorded it without.
      if (item.latencyMs !== null) addLatency(run, latencies, item.latencyMs)
    }
    if (spent.costUsd !== null) {
      run.costSum += spent.costUsd
      if (!hadCost) run.costCount += 1
    }
    if (item.evaluatorCostUsd !== null) {
      run.evaluatorCostSum += item.evaluatorCostUsd
      run.evaluatorCostCount += 1
    }
    const costUsd = item.cached ? item.evaluatorCostUsd : plus(spent.costUsd, item.evaluatorCostUsd)
    if (costUsd !== null) run.costMax = Math.max(run.costMax ?? 0, costUsd)
    run.inputTokens = plus(run.inputTokens, spent.inputTokens)
    run.outputTokens = plus(run.outputTokens, spent.outputTokens)
  }
  if (run.failed > 0) run.failures = failures

  return {
    run,
    scores: results.flatMap((result) => result.scores),
    latencies: [...latencies].map(([bucket, count]) => ({ bucket, count })),
  }
}

function addLatency(run: Tally['run'], latencies: Map<number, number>, latency: number): void {
  run.latencySum += latency
  run.latencyMin = Math.min(run.latencyMin ?? latency, latency)
  run.latencyMax = Math.max(run.latencyMax ?? latency, latency)
  const bucket = bucketOf(latency)
  latencies.set(bucket, (latencies.get(bucket) ?? 0) + 1)
}

/** What the scores of executions add to the series of a run, if each is the only one of its item. */
export function tallySeries(results: readonly ItemResult[]): { summaries: SummaryChange[]; labels: LabelChange[] } {
  const series = new Map<string, SummaryChange & { labels: LabelCounts }>()
  for (const { scores } of results) {
    const areDistinct = scores.every(({ isPinned }) => isPinned)
    for (const score of scores) {
      const { name, evaluatorVersionId, rules } = score
      let summary = series.get(name)
      if (!summary) {
        const pinned = { ...rules, evaluatorVersionId }
        summary = { name, source: 'EVALUATOR', rules: pinned, tally: { ...emptyTally }, labels: new Map() }
        series.set(name, summary)
      }
      const own = areDistinct ? [score] : scores.filter((other) => other.name === name)
      if (own[0] !== score) continue
      const execution = executionScore(own.map(({ value, label, error }) => ({ value, label, failed: error !== null })))
      addExecution(summary.tally, summary.labels, summary.rules.dataType, execution)
      if (execution.value !== null) addValue(summary.tally, execution.value)
    }
  }
  const summaries = [...series.values()]
  return {
    summaries,
    labels: summaries.flatMap(({ name, source, labels }) =>
      [...labels].map(([label, difference]) => ({ name, source, label, difference })),
    ),
  }
}
