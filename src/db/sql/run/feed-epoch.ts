/**
 * Which life of the database this is, as an SQL expression. Feed positions are counted by the database, so one that is
 * restored or copied counts on from where the dump was made and gives positions a second time, for other rows.
 *
 * - Another server, also by pg_basebackup or a copied directory that was initialised anew: its system identifier.
 * - Point-in-time recovery, or a replica that was promoted: the timeline.
 * - A copy made with TEMPLATE, or pg_restore into another database: its OID.
 * - pg_restore --clean into the same database: the transaction that wrote the row of `feed_epoch`, which no dump has.
 * - Anything else: the row's value, which administrators may change.
 */
import type { Queryable } from '../../client.ts'

export const epochSql = `left(md5(concat_ws(':',
  (SELECT system_identifier FROM pg_control_system()),
  left(pg_walfile_name(pg_current_wal_lsn()), 8),
  (SELECT oid FROM pg_database WHERE datname = current_database()),
  (SELECT concat(value, xmin) FROM feed_epoch))), 16)`

export async function loadFeedEpoch(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ epoch: string }>(`SELECT ${epochSql} AS epoch`)
  return rows[0]?.epoch as string
}
