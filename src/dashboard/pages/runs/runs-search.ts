/** The state of the list of runs, as its address has it. What is no such state is ignored. */
import { z } from 'zod'
import type { MetricInput, RunOrder } from '../../gql/graphql.ts'

const text = z.string().min(1).max(500)
const optional = <Type extends z.ZodType>(type: Type) => type.optional().catch(undefined)

export const runsSearch = z.object({
  q: optional(text),
  status: optional(z.enum(['RUNNING', 'COMPLETED', 'STOPPED', 'CANCELLED'])),
  sort: optional(
    z.object({
      by: z.enum(['NAME', 'CREATED_AT', 'LATENCY', 'COST', 'FAILED', 'SCORE']),
      score: text.optional(),
      desc: z.boolean().optional(),
    }),
  ),
  /** Key of the metadata by which runs are grouped. */
  group: optional(text),
  /** Ids of the columns that are not shown. */
  hide: optional(z.array(text).min(1).max(100)),
  /** Names of the scores of the third and fourth chart. */
  charts: optional(z.array(text).max(2)),
  /** Ids of the runs to compare. */
  selected: optional(z.array(text).max(11)),
  /** Cursor of the page before. */
  after: optional(z.string().max(2_000)),
})

export type RunsSearch = z.infer<typeof runsSearch>
export type RunsSort = NonNullable<RunsSearch['sort']>

export function runOrder(sort: RunsSort | undefined): RunOrder | null {
  if (!sort) return null
  const direction = sort.desc ? 'DESC' : 'ASC'
  if (sort.by === 'NAME' || sort.by === 'CREATED_AT') return { field: sort.by, direction }
  return { field: 'METRIC', metric: metricOf(sort), direction }
}

function metricOf({ by, score = '' }: RunsSort): MetricInput {
  switch (by) {
    case 'LATENCY':
      return { latency: true }
    case 'COST':
      return { cost: true }
    case 'FAILED':
      return { failed: true }
    default:
      return { score: { name: score } }
  }
}
