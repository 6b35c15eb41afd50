import type { Bench } from './harness.ts'

/**
 * Inserts the rows of a finished run again, per batch one statement for the items and one for their scores: the minimum
 * that stores the same data. Returns the better rate of batches of 100 and of 500, in items per second.
 */
export async function insertRaw(bench: Bench, runId: string): Promise<number> {
  return Math.max(await insert(bench, runId, 100), await insert(bench, runId, 500))
}

async function insert({ db }: Bench, runId: string, batch: number): Promise<number> {
  const { rows: items } = await db.pool.query('SELECT * FROM run_item WHERE run_id = $1 ORDER BY ordinal', [runId])
  const { rows: scores } = await db.pool.query('SELECT * FROM score WHERE run_id = $1 ORDER BY ordinal', [runId])
  const { rows } = await db.pool.query<{ id: string }>(
    `INSERT INTO run SELECT copy.* FROM run, jsonb_populate_record(run, jsonb_build_object('id', gen_random_uuid(), 'idempotency_key', NULL)) copy
     WHERE run.id = $1 RETURNING id`,
    [runId],
  )
  const id = rows[0]?.id
  const startedAt = performance.now()
  for (let from = 0; from < items.length; from += batch) {
    const itemRows = items.slice(from, from + batch).map((row) => ({ ...row, run_id: id }))
    const scoreRows = scores.slice(from, from + batch).map((row) => ({ ...row, run_id: id }))
    const client = await db.pool.connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO run_item SELECT * FROM jsonb_populate_recordset(NULL::run_item, $1)', [
      JSON.stringify(itemRows),
    ])
    await client.query(
      `INSERT INTO score SELECT (jsonb_populate_record(s, jsonb_build_object('id', nextval('score_id_seq')))).*
       FROM jsonb_populate_recordset(NULL::score, $1) s`,
      [JSON.stringify(scoreRows)],
    )
    await client.query('COMMIT')
    client.release()
  }
  const seconds = (performance.now() - startedAt) / 1_000
  // What is left is not for the next measurement to clear up.
  for (const table of ['run_item', 'score']) await db.pool.query(`DELETE FROM ${table} WHERE run_id = $1`, [id])
  await db.pool.query('DELETE FROM run WHERE id = $1', [id])
  await db.pool.query('VACUUM run_item, score')
  return items.length / seconds
}
