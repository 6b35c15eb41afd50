import type { PgBoss } from 'pg-boss'
import type { Queryable } from '../../db/client.ts'
import { laneSlots, sendLanes } from '../../db/queue.ts'

/**
 * Gives a run the lanes for `concurrency` items at once and hands those that are new to the workers; a lane that is
 * not needed any more gets no slots, and its holder ends it. The caller holds the run's lock.
 */
export async function setLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  const { rows: present } = await client.query<{ id: string }>(
    'SELECT id FROM run_lane WHERE run_id = $1 ORDER BY id',
    [run.id],
  )
  const wanted = Math.ceil(concurrency / laneSlots)
  const slotsOf = (index: number) => Math.max(0, Math.min(laneSlots, concurrency - index * laneSlots))
  if (present.length > 0) {
    await client.query(
      'UPDATE run_lane SET slots = s.slots FROM unnest($1::uuid[], $2::int[]) s (id, slots) WHERE run_lane.id = s.id',
      [present.map(({ id }) => id), present.map((_, index) => slotsOf(index))],
    )
  }
  const missing = Array.from({ length: Math.max(0, wanted - present.length) }, (_, n) => slotsOf(present.length + n))
  if (missing.length === 0) return
  const { rows: added } = await client.query<{ id: string }>(
    'INSERT INTO run_lane (run_id, slots) SELECT $1, unnest($2::int[]) RETURNING id',
    [run.id, missing],
  )
  const lanes = added.map(({ id }, index) => ({ runId: run.id, laneId: id, lead: present.length + index === 0 }))
  await sendLanes(boss, client, lanes, run.priority)
}

/** Replaces all lanes of a run that nothing executes any more; a holder that does not know yet finds its lane gone. */
export async function renewLanes(
  boss: PgBoss,
  client: Queryable,
  run: { id: string; priority: number },
  concurrency: number,
): Promise<void> {
  await client.query('DELETE FROM run_lane WHERE run_id = $1', [run.id])
  await setLanes(boss, client, run, concurrency)
}
