/** The state of a comparison, as its address has it. What is no such state is ignored. */
import { z } from 'zod'
import type { ComparisonFilter, ComparisonOrder, MetricFiguresFragment } from '../../gql/graphql.ts'

const text = z.string().min(1).max(500)
const optional = <Type extends z.ZodType>(type: Type) => type.optional().catch(undefined)

const metric = z.union([
  z.object({ score: z.object({ name: text, source: z.enum(['API', 'HUMAN']).optional() }) }),
  z.object({ latency: z.literal(true) }),
  z.object({ cost: z.literal(true) }),
])

const range = z.tuple([z.number(), z.number()])

export const compareSearch = z.object({
  /** Ids of 1–10 runs. */
  runs: z.array(text).min(1).max(10).catch([]).default([]),
  /** Id of the run that they are compared with; default: the approved baseline of the dataset. */
  baseline: optional(text),
  /** How much worse a score may be and still count as not worse. */
  margin: optional(z.number().min(0)),
  /** Whether items that are not alike are compared all the same. */
  unlike: optional(z.literal(true)),
  q: optional(text),
  tags: optional(z.array(text).min(1)),
  /** What the metadata of the item has. */
  metadata: optional(z.record(z.string(), z.unknown())),
  change: optional(
    z.object({
      metric,
      is: z.enum(['IMPROVED', 'REGRESSED', 'CHANGED', 'UNCHANGED', 'MISSING']),
      run: text.optional(),
    }),
  ),
  differ: optional(z.literal(true)),
  failedInOne: optional(z.literal(true)),
  sort: optional(z.object({ by: z.enum(['REGRESSION', 'IMPROVEMENT', 'CHANGE']), metric, run: text.optional() })),
  /** Whether outputs are shown as what changed from the baseline's. */
  diff: optional(z.literal(true)),
  /** Ids of the columns that are not shown. */
  hide: optional(z.array(text).min(1).max(20)),
  /** The scatter plot: what it shows, and what is brushed in it. */
  scatter: optional(z.object({ metric, run: text.optional(), x: range.optional(), y: range.optional() })),
  /** Id of the dataset item that the drawer shows. */
  item: optional(text),
})

export type CompareSearch = z.infer<typeof compareSearch>
export type CompareMetric = z.infer<typeof metric>

export function comparisonFilter({ q, tags, metadata, change, differ, failedInOne }: CompareSearch): ComparisonFilter {
  return {
    search: q,
    tags,
    metadata,
    differingOutputs: differ,
    failedInOne,
    change: change && { metric: change.metric, is: change.is, candidateId: change.run },
  }
}

export function comparisonOrder({ sort }: CompareSearch): ComparisonOrder | null {
  return sort ? { field: sort.by, metric: sort.metric, candidateId: sort.run } : null
}

export function isFiltered({ q, tags, metadata, change, differ, failedInOne, scatter }: CompareSearch): boolean {
  return [q, tags, metadata, change, differ, failedInOne, scatter?.x].some((part) => part !== undefined)
}

/** The metric of a comparison as filters and orders name it. */
export function metricInput({ kind, name, source }: MetricFiguresFragment['metric']): CompareMetric {
  if (kind === 'LATENCY') return { latency: true }
  if (kind === 'COST') return { cost: true }
  // Without a source it is what evaluators say, where they say something.
  return { score: { name: name ?? '', ...(source === 'API' || source === 'HUMAN' ? { source } : {}) } }
}

export function isSame(a: CompareMetric, b: CompareMetric): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
