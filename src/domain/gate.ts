import * as z from 'zod'
import { countedAsKey, countedAsSchema } from './counted-as.ts'
import { questions } from './early-stop.ts'
import { metricKey, metricSchema } from './metric.ts'
import { parseInput } from './parse-input.ts'

const limit = z
  .number()
  .min(0)
  .nullish()
  .transform((value) => value ?? null)

const share = z
  .number()
  .min(0)
  .max(1)
  .nullish()
  .transform((value) => value ?? null)

const scoreSchema = metricSchema.transform((metric, context) => {
  if (metric.kind === 'SCORE') return metric
  context.addIssue({ code: 'custom', message: 'expected a score: latency, cost and failures have maxima of their own' })
  return z.NEVER
})

const gateSchema = z.strictObject({
  minMeans: z
    .array(
      z.strictObject({
        metric: scoreSchema,
        value: z.number(),
        minShare: share,
        as: countedAsSchema,
        lowerEnd: z
          .boolean()
          .nullish()
          .transform((lowerEnd) => lowerEnd ?? false),
      }),
    )
    .max(50)
    .nullish()
    .transform((rules) => rules ?? []),
  notWorse: z
    .array(
      z.strictObject({
        metric: metricSchema,
        margin: z.number().positive(),
        question: z.enum(questions).nullish(),
        minShare: share,
        as: countedAsSchema,
        ofBaseline: z
          .boolean()
          .nullish()
          .transform((ofBaseline) => ofBaseline ?? false),
      }),
    )
    .max(50)
    .refine(
      (rules) => new Set(rules.map((rule) => metricKey(rule.metric) + countedAsKey(rule.as))).size === rules.length,
      'expected every metric once',
    )
    .nullish()
    .transform((rules) => rules ?? []),
  maxFailureRate: share,
  maxCostUsd: limit,
  maxAvgCostUsd: limit,
  maxAvgLatencyMs: limit,
  maxP95LatencyMs: limit,
})

/**
 * The requirements on a run; null and empty parts are not checked, but no item may fail unless `maxFailureRate` allows it.
 * - `minMeans`: minimum means of scores, each over at least the share `minShare` of the executions that should have it:
 *   default all, or all but the share of failures that `maxFailureRate` allows. With `as` the score is counted in another way,
 *   and with `lowerEnd` it is the lower end of the 95 % interval that must be large enough; both count items.
 * - `notWorse`: metrics that must be shown to be worse than the baseline by less than the margin, if at all; on items like
 *   these unless `question` says otherwise, in the units of the metric or, with `ofBaseline`, as a share of the baseline's
 *   mean. At least the share `minShare` of the items must be as in the baseline: default 0.9, so that a few corrected ones
 *   need no new baseline.
 * - the limits: share of failed items, cost in USD (per run, per item), latency in milliseconds.
 */
export type Gate = z.output<typeof gateSchema>

export type MinMean = Gate['minMeans'][number]
export type NotWorse = Gate['notWorse'][number]

/** @throws {InvalidInputError} naming the invalid part. */
export function parseGate(value: unknown, path: readonly string[]): Gate {
  return parseInput(gateSchema, value, path)
}
