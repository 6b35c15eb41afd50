/**
 * Who a request is from. Without any API key this server is for the people at this machine: it answers on loopback only,
 * and everybody is an administrator of the default project. With keys, every request needs one.
 */
import { hash } from 'node:crypto'
import type { Database } from '../db/client.ts'
import type { Scope } from '../domain/scope.ts'

/** The server would be reachable from other machines without a key. */
export class UnguardedAddressError extends Error {}

/** The caller gave no key where one is needed, or one that is not known. */
export class AuthenticationError extends Error {}

/** An authenticated caller; `client` tells callers apart, for limits per caller. */
export interface Caller {
  scope: Scope
  client: string
}

export interface Authenticator {
  /** Nobody needs a key: the server is reachable from this machine only. */
  readonly open: boolean
  /**
   * @param authorization value of an `Authorization` header
   * @throws {AuthenticationError}
   */
  authenticate(authorization: string | undefined): Promise<Caller>
}

/**
 * @param hosts where the server listens, and where people reach it
 * @throws {UnguardedAddressError} when any of them is not this machine, and there is no key
 */
export async function createAuthenticator(db: Database, ...hosts: string[]): Promise<Authenticator> {
  const keys = await db.prisma.apiKey.count({ where: { revokedAt: null } })
  const open = keys === 0
  const reachable = hosts.find((host) => !isLoopback(host))
  if (open && reachable !== undefined) {
    throw new UnguardedAddressError(
      `Refusing to listen on ${reachable} without authentication: there is no API key, so anybody who reaches this address could change everything. Create a key first (assay keys create <name>), or listen on 127.0.0.1.`,
    )
  }
  const { id: projectId } = await db.prisma.project.findUniqueOrThrow({ where: { name: 'default' } })
  const everybody: Caller = { scope: { projectId, role: 'ADMIN' }, client: 'loopback' }
  return {
    open,
    async authenticate(authorization) {
      if (authorization === undefined) {
        if (open) return everybody
        throw new AuthenticationError('Expected an API key in the header `Authorization: Bearer <key>`, got none.')
      }
      const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
      if (!key) throw new AuthenticationError('Expected `Authorization: Bearer <key>`, got something else.')
      return findKey(db, key)
    },
  }
}

async function findKey(db: Database, key: string): Promise<Caller> {
  // Found by its hash: how long that takes says nothing about other keys.
  const sha256 = hash('sha256', key, 'buffer')
  const found = await db.prisma.apiKey.findFirst({ where: { sha256, revokedAt: null } })
  if (!found) throw new AuthenticationError('This API key is not known here, or was revoked.')
  const now = new Date()
  if (!found.lastUsedAt || now.getTime() - found.lastUsedAt.getTime() > 60_000) {
    await db.prisma.apiKey.updateMany({ where: { id: found.id }, data: { lastUsedAt: now } })
  }
  return { scope: { projectId: found.projectId, role: found.role }, client: found.id }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
