import type { Queryable } from '../../client.ts'
import { integerColumn, integers, numberColumn, numbers } from '../../number-columns.ts'
import { queryRows } from '../../query-rows.ts'
import { executionsOfItems } from '../run-item/item-places.ts'
import { changedItemsSql, type UsedVersions } from './changed-items.ts'
import { hasOpenEvaluations } from './load-run-columns.ts'

/** From so many on, reading the whole runs is faster than looking up one item after another. */
const manyPositions = 30_000

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
  /** If given, the items whose content differs between the two runs are named. */
  used: UsedVersions | null
}

/** What one run executed of settled items, in the order of the schedule that is followed. */
export interface SettledExecutions {
  /** In the schedule that is followed, and of the execution in its own run. */
  positions: Int32Array
  ordinals: Int32Array
  /** 1: it failed. */
  failed: Int32Array
}

/** Items in schedule order, up to the first one that is still open. */
export interface SettledItems {
  /** The first unsettled position, or the one after the positions read. */
  frontier: number
  baseline: SettledExecutions
  candidate: SettledExecutions
  /** Of the settled items, by position from the start of the range. */
  itemIds: Float64Array
  /** Positions of the items whose content differs. */
  changed: ReadonlySet<number>
}

/**
 * The next settled range of a schedule. An item is settled when both runs have executed it; items after an unsettled one
 * have to wait for it, also for one that was cancelled: which ones had finished before that is no accident.
 */
export async function loadSettledItems(
  db: Queryable,
  { baseline, candidate, schedule, from, limit, used }: SequenceRange,
): Promise<SettledItems> {
  const values: unknown[] = [
    ...[baseline.id, candidate.id, schedule.runId, from, schedule.repetitions, limit, baseline.seq, candidate.seq],
  ]
  const changed = used ? `${changedItemsSql(used, (value) => `$${values.push(value)}`)}, ` : ''
  const lists = (run: number, name: string) =>
    ['position', 'ordinal', 'failed']
      .map(
        (column) =>
          `${integerColumn(`${column}::int`, 'position, ordinal')} FILTER (WHERE run = ${run}) AS ${name}_${column}`,
      )
      .join(', ')
  const followed = (column: string) => `ARRAY(SELECT ${column} FROM item ORDER BY position)`
  const executions =
    limit < manyPositions
      ? executionsOfItems('x', 'ARRAY[$1, $2]', followed('item_id'), followed('position'))
      : 'run_item x WHERE x.run_id = ANY (ARRAY[$1, $2]::uuid[])'
  const [row] = await queryRows<Record<string, Buffer | null> & { frontier: number }>(
    db,
    `WITH ${changed}item AS MATERIALIZED (
       SELECT item_id, position FROM run_item
       WHERE run_id = $3 AND repetition = 0 AND ordinal >= $4::int * $5::int
       ORDER BY ordinal LIMIT $6
     ), execution AS MATERIALIZED (
       SELECT item.position, CASE WHEN i.run_id = $1 THEN 1 ELSE 2 END AS run, i.ordinal, i.status = 'FAILED' AS failed,
              i.status IN ('QUEUED', 'RUNNING', 'CANCELLED') OR ${hasOpenEvaluations('i', ['$1', '$2'])}
                OR i.seq > CASE WHEN i.run_id = $1 THEN $7::int ELSE $8::int END AS open
       FROM item JOIN (SELECT x.* FROM ${executions} OFFSET 0) i ON i.item_id = item.item_id
     ), frontier AS MATERIALIZED (
       SELECT COALESCE((SELECT min(position) FROM execution WHERE open),
                       (SELECT max(position) + 1 FROM item), $4) AS position
     )
     SELECT (SELECT position FROM frontier) AS frontier, ${lists(1, 'baseline')}, ${lists(2, 'candidate')},
       ${used ? `(SELECT ${integerColumn('item.position')} FROM item JOIN changed USING (item_id))` : 'NULL'} AS changed,
       (SELECT ${numberColumn('item_id', 'position')} FROM item WHERE position < (SELECT position FROM frontier)) AS ids
     FROM execution WHERE position < (SELECT position FROM frontier)`,
    values,
  )
  const settled = (name: string): SettledExecutions => ({
    positions: integers(row?.[`${name}_position`]),
    ordinals: integers(row?.[`${name}_ordinal`]),
    failed: integers(row?.[`${name}_failed`]),
  })
  const own = settled('baseline')
  return {
    frontier: row?.frontier ?? from,
    baseline: own,
    // A run may be compared with itself.
    candidate: baseline.id === candidate.id ? own : settled('candidate'),
    itemIds: numbers(row?.ids),
    changed: new Set(integers(row?.changed)),
  }
}

/** The items that are in both runs. */
export async function loadCommonItemIds(
  db: Queryable,
  [first, second]: readonly [string, string],
): Promise<Float64Array> {
  const rows = await queryRows<{ ids: Buffer | null }>(
    db,
    `SELECT ${numberColumn('item_id')} AS ids FROM run_item a
     WHERE run_id = $1 AND repetition = 0
       AND EXISTS (SELECT FROM run_item b WHERE b.item_id = a.item_id AND b.run_id = $2)`,
    [first, second],
  )
  return numbers(rows[0]?.ids)
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
       JOIN run_item i ON i.run_id = run.id AND i.seq > 0 AND i.seq > run.after
       WHERE CASE WHEN i.run_id = $1 THEN i.position < $2 ELSE EXISTS (
         SELECT FROM ${executionsOfItems('scheduled', 'ARRAY[$1]', 'ARRAY[i.item_id]', 'ARRAY[i.position]')}
         WHERE scheduled.position < $2) END
     ) AS changed`,
    [scheduleRunId, position, changed.map(({ runId }) => runId), changed.map(({ after }) => after)],
  )
  return rows[0]?.changed ?? false
}
