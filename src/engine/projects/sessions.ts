/**
 * Sessions: what a browser has instead of a key. Its token is random and in a cookie; the database has only the hash. A
 * session is what its key is, and ends with it; at a server that needs no keys it has none and only names the person.
 * It ends 30 days after its last use, 90 days after it began at the latest.
 */
import { randomBytes } from 'node:crypto'
import { type Database, transaction } from '../../db/client.ts'
import {
  deleteSession,
  deleteSurplusSessions,
  insertSession,
  setSessionProject,
} from '../../db/sql/session/write-session.ts'
import { name, parseInput } from '../../domain/parse-input.ts'
import type { Scope } from '../../domain/scope.ts'
import { hashOfSecret } from './api-keys.ts'
import { findOrCreatePerson } from './persons.ts'

/** How long a session can last, in seconds. */
export const maxSessionSeconds = 90 * 24 * 60 * 60
/** Sessions with one key, or without any; a new one ends the one that was unused for longest. */
const maxSessions = 1_000

/** Who a session is for: a key, or the person that somebody without one says to be. */
export type SessionOwner = { apiKeyId: string } | { person: string }

/**
 * @param projectId the project that was chosen; null: that of the key, or the default project
 * @returns the token of the new session, which is nowhere else
 */
export async function createSession(
  { pool }: Database,
  scope: Scope,
  owner: SessionOwner,
  projectId: string | null,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await transaction(pool, async (client) => {
    const apiKeyId = 'apiKeyId' in owner ? owner.apiKeyId : null
    const personId =
      'person' in owner
        ? await findOrCreatePerson(client, scope, null, parseInput(name, owner.person, ['person']))
        : null
    await deleteSurplusSessions(client, apiKeyId, maxSessions - 1)
    await insertSession(client, { sha256: hashOfSecret(token), apiKeyId, personId, projectId })
  })
  return token
}

/** From now on requests of the session are in this project, unless they name another. */
export async function chooseProject({ pool }: Database, sessionId: string, projectId: string): Promise<void> {
  await setSessionProject(pool, sessionId, projectId)
}

/** Ends a session: its requests are refused from now on, and what is open is closed within seconds. Idempotent. */
export async function endSession({ pool }: Database, token: string): Promise<void> {
  await deleteSession(pool, hashOfSecret(token))
}
