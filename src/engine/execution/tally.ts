import { noDelta, type RunDelta } from '../../db/sql/run/advance-run.ts'
import type { LabelDelta, RecordedScore, SummaryDelta } from '../../db/sql/score/record-scores.ts'
import { addFailures, type Failures } from '../../domain/execution/task.ts'
import { bucketOf, type LatencyBucket } from '../../domain/statistics/latency-histogram.ts'
import { addValue, noMoments } from '../../domain/statistics/score-moments.ts'
import type { ItemResult } from './item-result.ts'

/** What a batch of results adds to its run. */
export interface Tally {
  run: Omit<RunDelta, 'status' | 'seq'>
  scores: RecordedScore[]
  summaries: SummaryDelta[]
  labels: LabelDelta[]
  latencies: LatencyBucket[]
}

/**
 * Adds up results. Latencies count for succeeded items only; costs count however the call ended; cached responses cost
 * nothing.
 */
export function tally(results: readonly ItemResult[]): Tally {
  const run: Tally['run'] = { ...noDelta }
  const summaries = new Map<string, SummaryDelta>()
  const labels = new Map<string, LabelDelta>()
  const latencies = new Map<number, number>()
  const failures: Failures = {}

  for (const { item, scores, counted } of results) {
    run.running -= 1
    if (item.status === 'QUEUED') run.queued += 1
    if (item.status === 'FAILED') {
      run.failed += 1
      if (item.error) addFailures(failures, item.error.code, 1)
    }
    if (item.status === 'SUCCEEDED') {
      run.succeeded += 1
      const latency = item.latencyMs ?? 0
      run.latencySum += latency
      run.latencyMin = Math.min(run.latencyMin ?? latency, latency)
      run.latencyMax = Math.max(run.latencyMax ?? latency, latency)
      const bucket = bucketOf(latency)
      latencies.set(bucket, (latencies.get(bucket) ?? 0) + 1)
    }
    if (item.costUsd !== null && !item.cached && !counted) {
      run.costSum += item.costUsd
      run.costCount += 1
      run.costMax = Math.max(run.costMax ?? 0, item.costUsd)
    }
    if (item.evaluatorCostUsd !== null) {
      run.evaluatorCostSum += item.evaluatorCostUsd
      run.evaluatorCostCount += 1
    }
    if (!counted) {
      run.inputTokens = plus(run.inputTokens, item.inputTokens)
      run.outputTokens = plus(run.outputTokens, item.outputTokens)
    }
    for (const score of scores) addScore(score)
  }
  if (run.failed > 0) run.failures = failures

  function addScore(score: RecordedScore) {
    const { name, dataType, direction, value, label } = score
    let summary = summaries.get(name) ?? {
      name,
      dataType,
      direction,
      errorCount: 0,
      ...noMoments,
      min: null,
      max: null,
    }
    if (score.error) summary = { ...summary, errorCount: summary.errorCount + 1 }
    else if (value !== null) {
      const min = Math.min(summary.min ?? value, value)
      const max = Math.max(summary.max ?? value, value)
      summary = { ...summary, ...addValue(summary, value), min, max }
    } else summary = { ...summary, count: summary.count + 1 }
    summaries.set(name, summary)
    if (label !== null && dataType === 'CATEGORICAL') {
      const key = JSON.stringify([name, label])
      const count = (labels.get(key)?.count ?? 0) + 1
      labels.set(key, { name, label, count })
    }
  }

  return {
    run,
    scores: results.flatMap((result) => result.scores),
    summaries: [...summaries.values()],
    labels: [...labels.values()],
    latencies: [...latencies].map(([bucket, count]) => ({ bucket, count })),
  }
}

function plus(sum: number | null, more: number | null): number | null {
  return more === null ? sum : (sum ?? 0) + more
}
