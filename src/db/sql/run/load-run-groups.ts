import type { ScoreSource } from '../../../domain/evaluation.ts'
import type { Distribution } from '../../../domain/statistics/latency-histogram.ts'
import { smallestSummand } from '../../../domain/statistics/score-moments.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { majority } from '../score/series.ts'

/** What the items of a run are grouped by: their tags, or the value at a path of their metadata. */
export type Grouping = { by: 'TAG' } | { by: 'METADATA'; path: readonly string[] }

/** Executions of the items with one tag or value. */
export interface RunGroupRow {
  runId: string
  /** Null: the items without any. */
  value: string | null
  total: number
  succeeded: number
  failed: number
  /** USD, over the executions whose cost is known. */
  costUsd: number | null
  costCount: number
  /** Of the succeeded ones, exact. */
  latencyMs: Distribution | null
  /** Every series of the run. */
  scores: GroupScoreRow[]
}

/** A series in a group; the figures are those of RunScoreSummary. */
export interface GroupScoreRow {
  name: string
  source: ScoreSource
  count: number
  errorCount: number
  /** Items with a value. */
  items: number
  mean: number | null
  stddev: number | null
  /** Executions by category, most frequent first. */
  labels: { label: string; count: number }[]
}

/** Characters of a metadata value that tell groups apart. */
export const maxValueLength = 200

/**
 * The largest groups of each run. Reads its items and all of their scores and revisions.
 * @param limit groups of each run at most
 */
export async function loadRunGroups(
  client: Queryable,
  runIds: readonly string[],
  grouping: Grouping,
  limit: number,
): Promise<RunGroupRow[]> {
  // Arrays are compared with nulls being equal, so that the executions without a value are a group like all others.
  const values =
    grouping.by === 'TAG'
      ? 'SELECT DISTINCT tag AS value FROM unnest(v.tags) AS tag'
      : `SELECT left(v.metadata #>> $3::text[], ${maxValueLength}) AS value`
  return queryRows<RunGroupRow>(
    client,
    `WITH member AS MATERIALIZED (
       SELECT i.run_id, i.ordinal, i.position, i.status, i.latency_ms, i.cost_usd, ARRAY[k.value] AS value
       FROM run r
       JOIN run_item i ON i.run_id = r.id
       JOIN dataset_item_revision v ON v.item_id = i.item_id
         AND v.valid_from <= r.dataset_version AND (v.valid_to IS NULL OR v.valid_to > r.dataset_version)
       LEFT JOIN LATERAL (${values}) k ON true
       WHERE r.id = ANY ($1::uuid[])
     ),
     listed AS MATERIALIZED (
       SELECT * FROM (
         SELECT run_id, value, count(*)::int AS total, ${count('SUCCEEDED')} AS succeeded, ${count('FAILED')} AS failed,
           sum(cost_usd) FILTER (WHERE ${finished}) AS cost, count(cost_usd) FILTER (WHERE ${finished})::int AS costs,
           ${latencies} AS latency, row_number() OVER (PARTITION BY run_id ORDER BY count(*) DESC, value) AS n
         FROM member GROUP BY run_id, value
       ) ranked WHERE n <= $2
     ),
     execution AS MATERIALIZED (
       SELECT l.run_id, l.n, m.position, s.name, s.source, avg(s.value) AS value,
         count(*) FILTER (WHERE s.error IS NULL) AS given, array_agg(s.label) FILTER (WHERE s.label IS NOT NULL) AS labels
       FROM listed l
       JOIN member m USING (run_id, value)
       JOIN score s ON s.run_id = m.run_id AND s.ordinal = m.ordinal
       GROUP BY l.run_id, l.n, m.position, m.ordinal, s.name, s.source
     ),
     item AS (
       SELECT run_id, n, name, source, count(*) FILTER (WHERE given > 0) AS given, count(*) FILTER (WHERE given = 0) AS failed,
         avg(CASE WHEN abs(value) < ${smallestSummand} THEN 0 ELSE value END) AS value
       FROM execution GROUP BY run_id, n, name, source, position
     ),
     series AS (
       SELECT run_id, n, name, source, sum(given)::int AS given, sum(failed)::int AS failed, count(value)::int AS items,
         avg(value) AS mean, stddev_samp(value) AS stddev
       FROM item GROUP BY run_id, n, name, source
     ),
     label AS (
       SELECT run_id, n, name, source,
         json_agg(json_build_object('label', label, 'count', executions) ORDER BY executions DESC, label) AS labels
       FROM (
         SELECT run_id, n, name, source, label, count(*) AS executions
         FROM (SELECT run_id, n, name, source, ${labelOfExecution} AS label FROM execution e) one
         WHERE label IS NOT NULL GROUP BY run_id, n, name, source, label
       ) counted GROUP BY run_id, n, name, source
     )
     SELECT l.run_id AS "runId", l.value[1] AS value, l.total, l.succeeded, l.failed, l.cost AS "costUsd",
       l.costs AS "costCount", l.latency AS "latencyMs", (
         SELECT COALESCE(json_agg(json_build_object('name', r.name, 'source', r.source, 'count', COALESCE(s.given, 0),
           'errorCount', COALESCE(s.failed, 0), 'items', COALESCE(s.items, 0), 'mean', s.mean, 'stddev', s.stddev,
           'labels', CASE WHEN r.data_type = 'CATEGORICAL' THEN COALESCE(b.labels, '[]') ELSE '[]' END)), '[]')
         FROM run_score_summary r
         LEFT JOIN series s ON s.run_id = r.run_id AND s.n = l.n AND s.name = r.name AND s.source = r.source
         LEFT JOIN label b ON b.run_id = r.run_id AND b.n = l.n AND b.name = r.name AND b.source = r.source
         WHERE r.run_id = l.run_id
       ) AS scores
     FROM listed l ORDER BY l.run_id, l.n`,
    [runIds, limit, ...(grouping.by === 'METADATA' ? [grouping.path] : [])],
  )
}

const finished = `status IN ('SUCCEEDED', 'FAILED')`

function count(status: 'SUCCEEDED' | 'FAILED'): string {
  return `count(*) FILTER (WHERE status = '${status}')::int`
}

const succeeded = `FILTER (WHERE status = 'SUCCEEDED')`

function percentile(q: number): string {
  return `percentile_cont(${q}) WITHIN GROUP (ORDER BY latency_ms) ${succeeded}`
}

const latencies = `CASE WHEN count(latency_ms) ${succeeded} > 0 THEN json_build_object(
  'count', count(latency_ms) ${succeeded}, 'avg', avg(latency_ms) ${succeeded}, 'min', min(latency_ms) ${succeeded},
  'p50', ${percentile(0.5)}, 'p90', ${percentile(0.9)}, 'p95', ${percentile(0.95)}, 'p99', ${percentile(0.99)},
  'max', max(latency_ms) ${succeeded}) END`

const labelOfExecution = `CASE WHEN cardinality(e.labels) = 1 THEN e.labels[1] ELSE (
  SELECT ${majority} FROM (SELECT label, count(*) AS n FROM unnest(e.labels) AS label GROUP BY 1) counted) END`
