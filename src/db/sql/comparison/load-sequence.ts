import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { differenceOf } from './metric-values.ts'

/** Pairs in schedule order, up to the first item that is still open. */
export interface SettledPairs {
  /** The first unsettled position, or the one after the positions read. */
  frontier: number
  /** For each series with pairs among them: candidate − baseline in schedule order, comma-separated. */
  differences: (SeriesKey & { values: string })[]
}

/** A range of a schedule. */
export interface SequenceRange {
  /** The runs with their feed positions; later changes count as not settled yet. */
  baseline: { id: string; seq: number }
  candidate: { id: string; seq: number }
  /** The run whose schedule is followed, and its repetitions per item. */
  schedule: { runId: string; repetitions: number }
  from: number
  /** Maximum positions. */
  limit: number
  /** If given, the items whose content differs between the two runs are left out. */
  used: UsedVersions | null
}

/**
 * The next settled range of a schedule. An item is settled when neither run will execute it any more; items after an
 * unsettled one have to wait for it.
 */
export async function loadSettledPairs(
  db: Queryable,
  { baseline, candidate, schedule, from, limit, used }: SequenceRange,
  series: readonly SeriesKey[],
): Promise<SettledPairs> {
  const versions: unknown[] = []
  const changed = used ? `${changedItemsSql(used, (value) => `$${9 + versions.push(value)}`)}, ` : ''
  const rows = await queryRows<SettledPairs>(
    db,
    `WITH ${changed}item AS MATERIALIZED (
       SELECT item_id, position FROM run_item
       WHERE run_id = $3 AND repetition = 0 AND ordinal >= $4::int * $5::int
       ORDER BY ordinal LIMIT $6
     ), execution AS MATERIALIZED (
       SELECT item.item_id, item.position, i.run_id, i.ordinal,
              i.status IN ('QUEUED', 'RUNNING') OR i.seq > CASE WHEN i.run_id = $1 THEN $8::int ELSE $9::int END AS open
       FROM item JOIN run_item i ON i.item_id = item.item_id AND i.run_id = ANY (ARRAY[$1, $2]::uuid[])
     ), frontier AS (
       SELECT COALESCE((SELECT min(position) FROM execution WHERE open),
                       (SELECT max(position) + 1 FROM item), $4) AS position
     ), value AS (
       SELECT s.name, s.source, e.position, avg(s.value) FILTER (WHERE e.run_id = $1) AS baseline,
              avg(s.value) FILTER (WHERE e.run_id = $2) AS candidate
       FROM execution e
       CROSS JOIN LATERAL (
         SELECT name, source, avg(value) AS value FROM score
         WHERE run_id = e.run_id AND ordinal = e.ordinal AND name = ANY ($7::text[]) AND value IS NOT NULL
         GROUP BY 1, 2
       ) s
       WHERE e.position < (SELECT position FROM frontier)
         ${used ? 'AND e.item_id NOT IN (SELECT item_id FROM changed)' : ''}
       GROUP BY s.name, s.source, e.position
     ), difference AS (
       SELECT name, source, string_agg((${differenceOf('baseline', 'candidate')})::text, ',' ORDER BY position) AS values
       FROM value WHERE baseline IS NOT NULL AND candidate IS NOT NULL GROUP BY name, source
     )
     SELECT (SELECT position FROM frontier) AS frontier,
            COALESCE((SELECT json_agg(difference) FROM difference), '[]') AS differences`,
    [
      baseline.id,
      candidate.id,
      schedule.runId,
      from,
      schedule.repetitions,
      limit,
      [...new Set(series.map(({ name }) => name))],
      baseline.seq,
      candidate.seq,
      ...versions,
    ],
  )
  return rows[0] ?? { frontier: from, differences: [] }
}

/**
 * Whether anything before `position` of the schedule changed in a run after its feed position `after`: an item was
 * scored again, or is being executed again.
 */
export async function hasChangedBefore(
  db: Queryable,
  scheduleRunId: string,
  position: number,
  changed: readonly { runId: string; after: number }[],
): Promise<boolean> {
  const rows = await queryRows<{ changed: boolean }>(
    db,
    `SELECT EXISTS (
       SELECT FROM unnest($3::uuid[], $4::int[]) AS run (id, after)
       JOIN run_item i ON i.run_id = run.id AND i.seq > run.after
       JOIN run_item scheduled ON scheduled.item_id = i.item_id AND scheduled.run_id = $1
       WHERE scheduled.repetition = 0 AND scheduled.position < $2
     ) AS changed`,
    [scheduleRunId, position, changed.map(({ runId }) => runId), changed.map(({ after }) => after)],
  )
  return rows[0]?.changed ?? false
}
