import type { Queryable } from '../../client.ts'
import { hasOutput, removedBytes } from './run-item-columns.ts'

/**
 * Removes the outputs of a run's items from one ordinal up to another, which is not included, with what the models thought
 * on the way to them. Everything else that is known of the items stays. Row `ordinal` gets `seq` + 1 + `ordinal` - `from`.
 */
export async function removeOutputs(
  client: Queryable,
  runId: string,
  { from, to, seq }: { from: number; to: number; seq: number },
): Promise<void> {
  await client.query(
    `UPDATE run_item SET output = NULL, output_bytes = ${removedBytes}, seq = $4::int + 1 + ordinal - $2::int,
       generation = CASE WHEN generation ? 'reasoning' THEN jsonb_set(generation, '{reasoning}', 'null') ELSE generation END
     WHERE run_id = $1 AND ordinal >= $2 AND ordinal < $3 AND status = 'SUCCEEDED'
       AND ${hasOutput('run_item')}`,
    [runId, from, to, seq],
  )
}
