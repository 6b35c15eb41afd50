import type { PinnedFunctions } from '../../../domain/execution/functions.ts'
import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** Sets the functions of a run. The caller has just inserted it, or holds its lock. */
export async function pinFunctions(client: Queryable, runId: string, functions: PinnedFunctions): Promise<void> {
  await client.query('UPDATE run SET functions = $2 WHERE id = $1', [runId, JSON.stringify(functions)])
}

/** The functions of a run, whose row is locked until the transaction ends. */
export async function lockPinnedFunctions(client: Queryable, runId: string): Promise<PinnedFunctions | null> {
  const rows = await queryRows<{ functions: PinnedFunctions | null }>(
    client,
    'SELECT functions FROM run WHERE id = $1 FOR UPDATE',
    [runId],
  )
  return rows[0]?.functions ?? null
}
