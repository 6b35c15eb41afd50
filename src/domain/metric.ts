/**
 * What runs are compared, checked and ordered by. Metrics are told apart by kind: a score named `costUsd` is never the
 * measured cost.
 */
import * as z from 'zod'
import { InvalidInputError } from './errors.ts'
import type { ScoreSource } from './evaluation.ts'
import { parseInput, text } from './parse-input.ts'
import { maxScoreName } from './score.ts'
import { sourcesByPreference } from './score-series.ts'

export type Metric =
  /** A series of scores; `source` null: the preferred one of that name (src/domain/score-series.ts). */
  | { kind: 'SCORE'; name: string; source: ScoreSource | null }
  /** Milliseconds of the task, over successful calls. */
  | { kind: 'LATENCY' }
  /** USD of the task, over calls with a known cost. */
  | { kind: 'COST' }
  /** Failed items: the share of an item's executed repetitions that failed. */
  | { kind: 'FAILED' }

/** A metric whose values have a distribution: failures are only counted. */
export type DistributedMetric = Exclude<Metric, { kind: 'FAILED' }>

/** A metric as passed by a client: exactly one member, `true` unless it is a score. */
export interface MetricInput {
  score?: { name: string; source?: ScoreSource | null } | null
  latency?: boolean | null
  cost?: boolean | null
  failed?: boolean | null
}

/** The score with this name. */
export function scoreMetric(name: string, source: ScoreSource | null = null): Extract<Metric, { kind: 'SCORE' }> {
  return { kind: 'SCORE', name, source }
}

const given = z
  .strictObject({
    score: z
      .strictObject({
        name: text.min(1).max(maxScoreName),
        source: z.enum(sourcesByPreference).nullish(),
      })
      .nullish(),
    latency: z.literal(true).nullish(),
    cost: z.literal(true).nullish(),
    failed: z.literal(true).nullish(),
  })
  .refine(
    (metric) => Object.values(metric).filter((member) => member != null).length === 1,
    'expected exactly one of score, latency, cost and failed',
  )

/** Any metric. */
export const metricSchema = given.transform(({ score, latency, cost }): Metric => {
  if (score) return scoreMetric(score.name, score.source)
  return { kind: latency ? 'LATENCY' : cost ? 'COST' : 'FAILED' }
})

/** @throws {InvalidInputError} naming the invalid part */
export function parseMetric(input: MetricInput, path: readonly string[]): Metric {
  return parseInput(metricSchema, input, path)
}

/** @throws {InvalidInputError} naming the invalid part, and for `failed` */
export function parseDistributedMetric(input: MetricInput, path: string[]): DistributedMetric {
  const metric = parseMetric(input, path)
  if (metric.kind !== 'FAILED') return metric
  throw new InvalidInputError('Expected a score, latency or cost: failures are only counted.', path)
}

/** Equal for equal metrics, and for no others. */
export function metricKey(metric: Metric): string {
  return JSON.stringify(metric.kind === 'SCORE' ? [metric.kind, metric.name, metric.source] : [metric.kind])
}

/** Whether a list has each metric at most once. */
export function namesEachOnce(list: readonly { metric: Metric }[]): boolean {
  return new Set(list.map(({ metric }) => metricKey(metric))).size === list.length
}

/** For people: the quoted name of a score, with its source unless it is an evaluator, or what is measured. */
export function describeMetric(metric: Metric): string {
  if (metric.kind === 'SCORE') {
    const from = { EVALUATOR: '', API: ' by programs', HUMAN: ' by people' }
    return `"${metric.name}"${metric.source === null ? '' : from[metric.source]}`
  }
  return { LATENCY: 'latency', COST: 'cost', FAILED: 'failed items' }[metric.kind]
}
