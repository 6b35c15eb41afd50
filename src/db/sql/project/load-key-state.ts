import type { Queryable } from '../../client.ts'

export interface KeyState {
  /** There is or was a key, in use or revoked. */
  keyed: boolean
  /** At least one key is in use. */
  anyInUse: boolean
  /** The given keys that are in use, and the given sessions of keys that are. */
  inUse: string[]
  /** The given sessions without a key that have not ended. */
  withoutKey: string[]
}

/** One statement, so that all come from one snapshot. @param ids of keys and sessions */
export async function loadKeyState(db: Queryable, ids: readonly string[] = []): Promise<KeyState> {
  const { rows } = await db.query<KeyState>(
    `SELECT EXISTS (SELECT FROM api_key) AS keyed,
            EXISTS (SELECT FROM api_key WHERE revoked_at IS NULL) AS "anyInUse",
            ARRAY(SELECT id::text FROM api_key WHERE id = ANY ($1::uuid[]) AND revoked_at IS NULL
                  UNION ALL
                  SELECT s.id::text FROM session s JOIN api_key k ON k.id = s.api_key_id
                  WHERE s.id = ANY ($1::uuid[]) AND s.expires_at > now() AND k.revoked_at IS NULL) AS "inUse",
            ARRAY(SELECT id::text FROM session
                  WHERE id = ANY ($1::uuid[]) AND expires_at > now() AND api_key_id IS NULL) AS "withoutKey"`,
    [ids],
  )
  const [state] = rows
  if (!state) throw new Error('a select without a table gave no row')
  return state
}
