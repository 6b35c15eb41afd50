import type { Queryable } from '../../client.ts'
import { queryRows } from '../../query-rows.ts'

/** The fingerprint of the key that stored secrets are encrypted with; null when there has never been one. */
export async function findFingerprint(client: Queryable): Promise<string | null> {
  const rows = await queryRows<{ fingerprint: string }>(client, 'SELECT fingerprint FROM secret_key', [])
  return rows[0]?.fingerprint ?? null
}

/** Whether anything is stored that only that key opens. */
export async function hasStoredSecrets(client: Queryable): Promise<boolean> {
  const sql = 'SELECT EXISTS (SELECT FROM provider WHERE sealed_key IS NOT NULL) AS stored'
  const rows = await queryRows<{ stored: boolean }>(client, sql, [])
  return rows[0]?.stored ?? false
}

/** Makes this the key, unless another process has just made another one the key. @returns the fingerprint that holds */
export async function claimFingerprint(client: Queryable, fingerprint: string, former: string | null): Promise<string> {
  await client.query(
    `INSERT INTO secret_key (fingerprint) VALUES ($1)
     ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint WHERE secret_key.fingerprint = $2`,
    [fingerprint, former],
  )
  return (await findFingerprint(client)) ?? fingerprint
}
