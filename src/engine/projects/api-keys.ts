/** API keys: an ADMIN of the installation manages all of them, an ADMIN of a project those of the project. */
import { hash, randomBytes } from 'node:crypto'
import { type Database, transaction } from '../../db/client.ts'
import type { ApiKey, Prisma } from '../../db/generated/prisma/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { insertApiKey } from '../../db/sql/project/insert-api-key.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { name, parseInput } from '../../domain/parse-input.ts'
import { type Role, requireAdmin, requireInstallation, type Scope } from '../../domain/scope.ts'
import { findOrCreatePerson } from './persons.ts'

/** Characters of a key that are stored and shown. */
export const prefixLength = 12

export interface CreateApiKeyInput {
  name: string
  role: Role
  /** Whether the key is valid in every project; default: in the scope's project only. */
  installation?: boolean | null
  /** Who is the author of what is written with it; default: its name. */
  person?: string | null
}

export function hashOfKey(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/**
 * Makes a key of 192 random bits. It is returned this once: only its hash and its beginning are stored. A server that
 * needed no keys until now needs one within seconds.
 * @throws {ForbiddenError} not an ADMIN, or one of a project who asks for a key of the installation
 * @throws {ConflictError} the person of a project's key has the name of a person of the installation
 */
export async function createApiKey(
  { pool, prisma }: Database,
  scope: Scope,
  input: CreateApiKeyInput,
): Promise<{ key: string; apiKey: ApiKey }> {
  requireAdmin(scope)
  if (input.installation) requireInstallation(scope)
  const projectId = input.installation ? null : scope.projectId
  const keyName = parseInput(name, input.name, ['name'])
  const personName = input.person == null ? keyName : parseInput(name, input.person, ['person'])
  const key = `assay_${randomBytes(24).toString('base64url')}`
  const id = await transaction(pool, async (client) => {
    const personId = await findOrCreatePerson(client, scope, projectId, personName)
    const { role } = input
    const prefix = key.slice(0, prefixLength)
    const id = await insertApiKey(client, { projectId, personId, name: keyName, role, prefix, sha256: hashOfKey(key) })
    await notify(client, channels.key)
    return id
  })
  return { key, apiKey: await prisma.apiKey.findUniqueOrThrow({ where: { id } }) }
}

/**
 * Ends a key: nothing new is answered from now on, and what is open with it is closed within seconds. Does nothing to one that was
 * revoked before.
 * @throws {ForbiddenError} not an ADMIN
 * @throws {NotFoundError} no such key among those that the scope manages
 */
export async function revokeApiKey({ pool, prisma }: Database, scope: Scope, id: string): Promise<ApiKey> {
  requireAdmin(scope)
  const found = await prisma.apiKey.findFirst({ where: { id, AND: whichApiKeys(scope) } })
  if (!found) throw new NotFoundError('There is no such API key in this project.', ['id'])
  await prisma.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } })
  await notify(pool, channels.key)
  return prisma.apiKey.findUniqueOrThrow({ where: { id } })
}

/** The keys that a scope manages: none for those who are not ADMINs. */
export function whichApiKeys({ role, installation, projectId }: Scope): Prisma.ApiKeyWhereInput {
  if (role !== 'ADMIN') return { id: { in: [] } }
  return installation ? {} : { projectId }
}

/** Which keys a scope manages, for lists of them. @throws {ForbiddenError} not an ADMIN */
export function managedKeys(scope: Scope): { of: 'all' | 'project'; parent: string } {
  requireAdmin(scope)
  return scope.installation ? { of: 'all', parent: '' } : { of: 'project', parent: scope.projectId }
}
