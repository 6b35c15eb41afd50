import type { Queryable } from '../../client.ts'
import { columns } from '../../columns.ts'
import type { RunLatencyBucket, RunScoreLabel, RunScoreSummary } from '../../generated/prisma/client.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { queryRows } from '../../query-rows.ts'
import { preference } from '../score/series.ts'
import { bucketsSql, type RunStatsRows, summariesSql } from './load-followed-run.ts'

const summaryColumns = columns('s', Prisma.RunScoreSummaryScalarFieldEnum)
const labelColumns = columns('l', Prisma.RunScoreLabelScalarFieldEnum)
const bucketColumns = columns('b', Prisma.RunLatencyBucketScalarFieldEnum)

/** Everything that the statistics of these runs are computed from. */
export async function loadRunStats(db: Queryable, runIds: readonly string[]): Promise<RunStatsRows> {
  const [summaries, labels, buckets] = await Promise.all([
    loadScoreSummaries(db, runIds),
    loadScoreLabels(db, runIds),
    loadLatencyBuckets(db, runIds),
  ])
  return { summaries, labels, buckets }
}

/** What nearly every page shows of its runs, in one statement. */
export interface RunSummaries extends Pick<RunStatsRows, 'summaries' | 'buckets'> {
  runId: string
}

/** The summaries and latency histograms of these runs. */
export async function loadRunSummaries(db: Queryable, runIds: readonly string[]): Promise<RunSummaries[]> {
  return queryRows<RunSummaries>(
    db,
    `SELECT r.id AS "runId", ${summariesSql} AS summaries, ${bucketsSql} AS buckets FROM unnest($1::uuid[]) AS r (id)`,
    [runIds],
    'load-run-summaries',
  )
}

/** The summaries of the series of these runs, by name; of one name the preferred source first. */
export async function loadScoreSummaries(db: Queryable, runIds: readonly string[]): Promise<RunScoreSummary[]> {
  return queryRows<RunScoreSummary>(
    db,
    `SELECT ${summaryColumns} FROM run_score_summary s
     WHERE s.run_id = ANY ($1::uuid[]) ORDER BY s.name, ${preference('s.source')}`,
    [runIds],
    'load-score-summaries',
  )
}

/** How often each label occurs in these runs, most frequent first. */
export async function loadScoreLabels(db: Queryable, runIds: readonly string[]): Promise<RunScoreLabel[]> {
  return queryRows<RunScoreLabel>(
    db,
    `SELECT ${labelColumns} FROM run_score_label l
     WHERE l.run_id = ANY ($1::uuid[]) AND l.count > 0 ORDER BY l.count DESC, l.label`,
    [runIds],
    'load-score-labels',
  )
}

/** The latency histograms of these runs. */
export async function loadLatencyBuckets(db: Queryable, runIds: readonly string[]): Promise<RunLatencyBucket[]> {
  return queryRows<RunLatencyBucket>(
    db,
    `SELECT ${bucketColumns} FROM run_latency_bucket b
     WHERE b.run_id = ANY ($1::uuid[])`,
    [runIds],
    'load-latency-buckets',
  )
}
