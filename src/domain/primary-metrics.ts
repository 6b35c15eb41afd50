/** The metrics that a change is judged by: what else is compared beside them takes nothing from their power. */
import * as z from 'zod'
import { type MetricInput, metricSchema, namesEachOnce } from './metric.ts'
import { parseInput } from './parse-input.ts'
import type { Procedure } from './statistics/family.ts'

const maxPrimary = 20

const schema = z
  .strictObject({
    metrics: z.array(metricSchema).min(1).max(maxPrimary),
    procedure: z
      .enum(['FIXED_SEQUENCE', 'HOLM'])
      .nullish()
      .transform((procedure): Procedure => procedure ?? 'FIXED_SEQUENCE'),
    weights: z
      .array(z.number().positive().max(1_000_000))
      .nullish()
      .transform((weights) => weights ?? null),
  })
  .refine(({ metrics }) => namesEachOnce(metrics.map((metric) => ({ metric }))), {
    path: ['metrics'],
    message: 'expected every metric once',
  })
  .superRefine(({ metrics, procedure, weights }, context) => {
    if (weights === null) return
    const expected =
      procedure !== 'HOLM'
        ? 'expected no weights unless the procedure is HOLM'
        : weights.length === metrics.length
          ? null
          : `expected a weight for each of the ${metrics.length} metrics, got ${weights.length}`
    if (expected) context.addIssue({ code: 'custom', path: ['weights'], message: expected })
  })

/**
 * - `metrics`: in their order.
 * - `procedure`: how they share the error of 5 % (src/domain/statistics/family.ts).
 * - `weights` of `HOLM`, one per metric; null: equal.
 */
export type PrimaryMetrics = z.output<typeof schema>

/** As passed by a client. */
export interface PrimaryMetricsInput {
  metrics: readonly MetricInput[]
  /** Default: `FIXED_SEQUENCE`. */
  procedure?: Procedure | null
  weights?: readonly number[] | null
}

/** @throws {InvalidInputError} naming the invalid part */
export function parsePrimaryMetrics(input: unknown, path: readonly string[]): PrimaryMetrics {
  return parseInput(schema, input, path)
}
