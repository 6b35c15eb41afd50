import type { Queryable } from '../../client.ts'

export interface DatabaseSettings {
  /** Such as 180004. */
  version: number
  encoding: string
  fsync: boolean
  synchronousCommit: string
  maxConnections: number
  /** A replica, or all transactions only read. */
  isReadOnly: boolean
  /** Of the database's clock, in milliseconds since 1970. */
  now: number
}

/** The settings of the server that decide whether Assay works on it. */
export async function loadSettings(db: Queryable): Promise<DatabaseSettings> {
  const { rows } = await db.query<DatabaseSettings>(
    `SELECT current_setting('server_version_num')::int AS version,
            pg_encoding_to_char(encoding) AS encoding,
            current_setting('fsync')::bool AS fsync,
            current_setting('synchronous_commit') AS "synchronousCommit",
            current_setting('max_connections')::int AS "maxConnections",
            pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS "isReadOnly",
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
     FROM pg_database WHERE datname = current_database()`,
  )
  return rows[0] as DatabaseSettings
}

/** How many API keys are in use, and whether there has ever been one. */
export async function countKeys(db: Queryable): Promise<{ inUse: number; ever: boolean }> {
  const { rows } = await db.query<{ inUse: number; ever: boolean }>(
    `SELECT count(*) FILTER (WHERE revoked_at IS NULL)::int AS "inUse", count(*) > 0 AS ever FROM api_key`,
  )
  return rows[0] ?? { inUse: 0, ever: false }
}
