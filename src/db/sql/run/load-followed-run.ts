import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import {
  Prisma,
  type Run,
  type RunLatencyBucket,
  type RunScoreLabel,
  type RunScoreSummary,
} from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import { preference } from '../score/series.ts'
import { epochSql } from './feed-epoch.ts'

/** What the statistics of a run are made from, as load-run-stats.ts has it. */
export interface RunStatsRows {
  summaries: RunScoreSummary[]
  labels: RunScoreLabel[]
  buckets: RunLatencyBucket[]
}

interface FollowedRun {
  epoch: string
  run: Run | null
  /** Null unless asked for. */
  stats: RunStatsRows | null
}

/**
 * A run, or null, and the epoch of the database that it was read from, at one moment. With its statistics they are of that
 * moment too: one statement, as a transaction for several costs two more round trips.
 */
export async function loadFollowedRun(
  db: Queryable,
  runId: string,
  { stats = false }: { stats?: boolean } = {},
): Promise<FollowedRun> {
  const rows = await queryRows<{ epoch: string; stats: RunStatsRows | null; id: string | null }>(
    db,
    `SELECT e.epoch, ${stats ? statsSql : 'NULL'} AS stats, ${columns('r', Prisma.RunScalarFieldEnum)}
     FROM (SELECT ${epochSql} AS epoch) e LEFT JOIN run r ON r.id = $1`,
    [runId],
    stats ? 'followed-run-stats' : 'followed-run',
  )
  const { epoch, stats: read, ...run } = rows[0] as { epoch: string; stats: RunStatsRows | null; id: string | null }
  return run.id === null ? { epoch, run: null, stats: null } : { epoch, run: run as Run, stats: read }
}

/** As JSON, of the run `r`; of one name the preferred source first. */
export const summariesSql = `(SELECT COALESCE(json_agg(x), '[]') FROM (
    SELECT ${columns('s', Prisma.RunScoreSummaryScalarFieldEnum)} FROM run_score_summary s
    WHERE s.run_id = r.id ORDER BY s.name, ${preference('s.source')}) x)`

/** As JSON, of the run `r`. */
export const bucketsSql = `(SELECT COALESCE(json_agg(x), '[]') FROM (
    SELECT ${columns('b', Prisma.RunLatencyBucketScalarFieldEnum)} FROM run_latency_bucket b WHERE b.run_id = r.id) x)`

const statsSql = `json_build_object(
  'summaries', ${summariesSql},
  'labels', (SELECT COALESCE(json_agg(x), '[]') FROM (
    SELECT ${columns('l', Prisma.RunScoreLabelScalarFieldEnum)} FROM run_score_label l
    WHERE l.run_id = r.id AND l.count > 0 ORDER BY l.count DESC, l.label) x),
  'buckets', ${bucketsSql})`
