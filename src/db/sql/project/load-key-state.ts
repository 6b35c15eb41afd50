import type { Queryable } from '../../client.ts'

export interface KeyState {
  /** There is or was a key, in use or revoked. */
  keyed: boolean
  /** At least one key is in use. */
  anyInUse: boolean
  /** The given keys that are in use. */
  inUse: string[]
}

/** One statement, so that all three come from one snapshot. */
export async function loadKeyState(db: Queryable, ids: readonly string[] = []): Promise<KeyState> {
  const { rows } = await db.query<KeyState>(
    `SELECT EXISTS (SELECT FROM api_key) AS keyed,
            EXISTS (SELECT FROM api_key WHERE revoked_at IS NULL) AS "anyInUse",
            ARRAY(SELECT id::text FROM api_key WHERE id = ANY ($1::uuid[]) AND revoked_at IS NULL) AS "inUse"`,
    [ids],
  )
  const [state] = rows
  if (!state) throw new Error('a select without a table gave no row')
  return state
}
