import type { Queryable } from '../../client.ts'

export interface KeyState {
  /** There has been a key, in use or revoked. */
  keyed: boolean
  /** Some key is in use. */
  anyInUse: boolean
  /** Those of the given keys that are in use. */
  inUse: string[]
}

/** Reads the same moment for all three, which one snapshot of one statement is. */
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
