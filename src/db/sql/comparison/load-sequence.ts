import type { LackingRule } from '../../../domain/lacking-values.ts'
import type { SeriesKey } from '../../../domain/score-series.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { differenceOf } from './metric-values.ts'

/** Items in schedule order, up to the first one that is still open. */
export interface SettledItems {
  /** The first unsettled position, or the one after the positions read. */
  frontier: number
  /**
   * For each series, and for failures (name null): candidate − baseline of every item of both runs in schedule order,
   * comma-separated. `lowest:highest` where a value is lacking, nothing where there is no pair.
   */
  differences: { name: string | null; source: SeriesKey['source'] | null; values: string }[]
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
  /** If given, the items whose content differs between the two runs have no pairs. */
  used: UsedVersions | null
}

/**
 * The next settled range of a schedule. An item is settled when both runs have executed it; items after an unsettled one
 * have to wait for it, also for one that was cancelled: which ones had finished before that is no accident.
 * @param rules of the series, for both runs
 */
export async function loadSettledItems(
  db: Queryable,
  { baseline, candidate, schedule, from, limit, used }: SequenceRange,
  series: readonly SeriesKey[],
  rules: readonly LackingRule[],
): Promise<SettledItems> {
  const versions: unknown[] = []
  const changed = used ? `${changedItemsSql(used, (value) => `$${17 + versions.push(value)}`)}, ` : ''
  const rows = await queryRows<SettledItems>(
    db,
    `WITH ${changed}item AS MATERIALIZED (
       SELECT item_id, position FROM run_item
       WHERE run_id = $3 AND repetition = 0 AND ordinal >= $4::int * $5::int
       ORDER BY ordinal LIMIT $6
     ), execution AS MATERIALIZED (
       SELECT item.position, i.run_id, i.ordinal, i.status,
              i.status IN ('QUEUED', 'RUNNING', 'CANCELLED')
                OR i.seq > CASE WHEN i.run_id = $1 THEN $9::int ELSE $10::int END AS open
       FROM item JOIN run_item i ON i.item_id = item.item_id AND i.run_id = ANY (ARRAY[$1, $2]::uuid[])
     ), frontier AS (
       SELECT COALESCE((SELECT min(position) FROM execution WHERE open),
                       (SELECT max(position) + 1 FROM item), $4) AS position
     ), settled AS MATERIALIZED (
       SELECT * FROM execution WHERE position < (SELECT position FROM frontier)
     ), common AS (
       SELECT position FROM settled GROUP BY position HAVING bool_or(run_id = $1) AND bool_or(run_id = $2)
     ), rule AS MATERIALIZED (
       SELECT * FROM unnest($11::uuid[], $12::text[], $13::"ScoreSource"[], $14::float8[], $15::float8[], $16::float8[],
         $17::bool[]) AS r (run_id, name, source, value, lowest, highest, applies)
     ), scored AS MATERIALIZED (
       SELECT e.position, e.run_id, e.ordinal, s.name, s.source, s.value
       FROM settled e
       CROSS JOIN LATERAL (
         SELECT name, source, avg(value) AS value FROM score
         WHERE run_id = e.run_id AND ordinal = e.ordinal AND name = ANY ($7::text[]) AND (value IS NOT NULL OR error IS NOT NULL)
         GROUP BY 1, 2
       ) s
     ), given AS (
       SELECT position, run_id, name, source, value AS lowest, value AS highest, true AS known FROM scored WHERE value IS NOT NULL
       UNION ALL
       SELECT s.position, run_id, name, source, r.lowest, r.highest, true
       FROM scored s JOIN rule r USING (run_id, name, source) WHERE s.value IS NULL
       UNION ALL
       SELECT e.position, run_id, r.name, r.source, COALESCE(r.value, r.lowest), COALESCE(r.value, r.highest), r.applies
       FROM settled e JOIN rule r USING (run_id)
       WHERE e.status = 'FAILED' AND NOT EXISTS (SELECT FROM scored s
         WHERE s.run_id = e.run_id AND s.ordinal = e.ordinal AND s.name = r.name AND s.source = r.source)
       UNION ALL
       SELECT position, run_id, NULL, NULL, (status = 'FAILED')::int, (status = 'FAILED')::int, true FROM settled
     ), value AS (
       SELECT name, source, position,
              avg(lowest) FILTER (WHERE run_id = $1) AS lo1, avg(highest) FILTER (WHERE run_id = $1) AS hi1,
              avg(lowest) FILTER (WHERE run_id = $2) AS lo2, avg(highest) FILTER (WHERE run_id = $2) AS hi2
       FROM given GROUP BY 1, 2, 3 HAVING bool_or(known)
     ), pair AS (
       SELECT name, source, position, ${differenceOf('hi1', 'lo2')} AS lowest, ${differenceOf('lo1', 'hi2')} AS highest
       FROM value WHERE lo1 IS NOT NULL AND lo2 IS NOT NULL
         ${used ? 'AND position NOT IN (SELECT item.position FROM item JOIN changed USING (item_id))' : ''}
     ), difference AS (
       SELECT series.name, series.source, string_agg(
         CASE WHEN lowest IS NULL THEN '' WHEN lowest = highest THEN lowest::text ELSE lowest || ':' || highest END,
         ',' ORDER BY common.position) AS values
       FROM (SELECT * FROM unnest($7::text[], $8::"ScoreSource"[]) UNION ALL SELECT NULL, NULL) AS series (name, source)
       CROSS JOIN common
       LEFT JOIN pair ON pair.name IS NOT DISTINCT FROM series.name AND pair.source IS NOT DISTINCT FROM series.source
         AND pair.position = common.position
       GROUP BY 1, 2
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
      series.map(({ name }) => name),
      series.map(({ source }) => source),
      baseline.seq,
      candidate.seq,
      rules.map(({ runId }) => runId),
      rules.map(({ name }) => name),
      rules.map(({ source }) => source),
      rules.map(({ value }) => value),
      rules.map(({ lowest }) => lowest),
      rules.map(({ highest }) => highest),
      rules.map(({ applies }) => applies),
      ...versions,
    ],
  )
  return rows[0] ?? { frontier: from, differences: [] }
}

/** The number of items that are in both runs. */
export async function countCommonItems(db: Queryable, [first, second]: readonly [string, string]): Promise<number> {
  const rows = await queryRows<{ count: number }>(
    db,
    `SELECT count(*)::int AS count FROM run_item a
     WHERE run_id = $1 AND repetition = 0
       AND EXISTS (SELECT FROM run_item b WHERE b.item_id = a.item_id AND b.run_id = $2)`,
    [first, second],
  )
  return rows[0]?.count ?? 0
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
