/** The state of a run's page, as its address has it. What is no such state is ignored. */
import { z } from 'zod'
import type { RunItemFilter, RunItemOrder } from '../../gql/graphql.ts'

const text = z.string().min(1).max(500)
const statuses = z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'])
const changes = z.enum(['IMPROVED', 'REGRESSED', 'CHANGED', 'UNCHANGED', 'MISSING'])

const source = z.enum(['EVALUATOR', 'API', 'HUMAN']).optional()

const metric = z.union([
  z.object({ score: z.object({ name: text, source }) }),
  z.object({ latency: z.literal(true) }),
  z.object({ cost: z.literal(true) }),
])

const score = z.object({
  name: text,
  /** Default: evaluators, else programs, else people. */
  source,
  min: z.number().optional(),
  max: z.number().optional(),
  boolean: z.boolean().optional(),
  labels: z.array(text).min(1).optional(),
  hasError: z.boolean().optional(),
  missing: z.literal(true).optional(),
})

const range = z.object({ min: z.number().optional(), max: z.number().optional() })

const sort = z.union([
  z.object({ by: z.enum(['LATENCY', 'COST', 'FINISHED_AT']), desc: z.boolean().optional() }),
  z.object({ by: z.literal('SCORE'), score: text, source, desc: z.boolean().optional() }),
  z.object({ by: z.enum(['REGRESSION', 'IMPROVEMENT', 'CHANGE']), metric }),
])

const optional = <Type extends z.ZodType>(type: Type) => type.optional().catch(undefined)

export const runSearch = z.object({
  /** Id of the run that it is compared with; `none`: not compared; default: the approved baseline of the dataset. */
  baseline: optional(text),
  q: optional(text),
  status: optional(z.array(statuses).min(1)),
  error: optional(z.array(text).min(1)),
  tags: optional(z.array(text).min(1)),
  /** What the metadata of the item has. */
  metadata: optional(z.record(z.string(), z.unknown())),
  score: optional(score),
  /** Milliseconds. */
  latency: optional(range),
  /** US dollars. */
  cost: optional(range),
  change: optional(z.object({ metric, is: changes })),
  /** Only items whose outputs differ from the baseline's. */
  differ: optional(z.literal(true)),
  sort: optional(sort),
  /** Id of the item that the drawer shows. */
  item: optional(text),
  /** Name of the score that number keys set. */
  label: optional(text),
  /** Ids of the columns that are not shown. */
  hide: optional(z.array(text).min(1).max(100)),
  density: optional(z.enum(['compact', 'roomy'])),
})

export type RunSearch = z.infer<typeof runSearch>
export type RunSort = NonNullable<RunSearch['sort']>
export type SearchMetric = z.infer<typeof metric>

/** The filter of `Run.items`, without what only a comparison can filter by. */
export function itemFilter({ q, status, error, tags, metadata, score, latency, cost }: RunSearch): RunItemFilter {
  const errorCode = error as RunItemFilter['errorCode']
  return { search: q, status, errorCode, tags, metadata, score, latencyMs: latency, costUsd: cost }
}

/** Null: in the order of execution. */
export function itemOrder(sort: RunSort | undefined): RunItemOrder | null {
  if (!sort || 'metric' in sort) return null
  const direction = sort.desc ? 'DESC' : 'ASC'
  return sort.by === 'SCORE'
    ? { field: 'SCORE', score: sort.score, source: sort.source, direction }
    : { field: sort.by, direction }
}

/** Whether only the comparison with the baseline has this list. */
export function needsComparison({ change, differ, sort }: RunSearch): boolean {
  return change !== undefined || differ !== undefined || (sort !== undefined && 'metric' in sort)
}

/** Whether anything is filtered. */
export function isFiltered(search: RunSearch): boolean {
  const { q, status, error, tags, metadata, score, latency, cost, change, differ } = search
  return [q, status, error, tags, metadata, score, latency, cost, change, differ].some((part) => part !== undefined)
}

export function sameMetric(a: SearchMetric, b: SearchMetric): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Filters of which a comparison knows nothing. */
export const onlyOfItems: Partial<RunSearch> = {
  status: undefined,
  error: undefined,
  score: undefined,
  latency: undefined,
  cost: undefined,
}
