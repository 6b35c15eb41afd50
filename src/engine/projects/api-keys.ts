/** API keys. An ADMIN of the installation manages all keys, an ADMIN of a project those of the project. */
import { hash, randomBytes } from 'node:crypto'
import { type Database, transaction } from '../../db/client.ts'
import type { ApiKey, Prisma } from '../../db/generated/prisma/client.ts'
import { insertApiKey } from '../../db/sql/project/insert-api-key.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { name, parseInput } from '../../domain/parse-input.ts'
import { type Role, requireAdmin, requireInstallation, type Scope } from '../../domain/scope.ts'
import { findOrCreatePerson } from './persons.ts'

/** How many characters of a key are stored and shown. */
export const prefixLength = 12

export interface CreateApiKeyInput {
  name: string
  role: Role
  /** Whether the key is valid in every project; default: only in the scope's project. */
  installation?: boolean | null
  /** The author of everything written with the key; default: its name. */
  person?: string | null
}

export function hashOfSecret(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/**
 * Creates a key of 192 random bits. It is returned only here: the database stores its hash and its prefix. Servers that
 * needed no keys before require one within seconds.
 * @throws {ForbiddenError} not an ADMIN, or a key of the installation requested by an ADMIN of a project
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
    return insertApiKey(client, { projectId, personId, name: keyName, role, prefix, sha256: hashOfSecret(key) })
  })
  return { key, apiKey: await prisma.apiKey.findUniqueOrThrow({ where: { id } }) }
}

/**
 * Revokes a key: new requests are refused from now on, and open ones are closed within seconds. Idempotent.
 * @throws {ForbiddenError} not an ADMIN
 * @throws {NotFoundError} the scope manages no such key
 */
export async function revokeApiKey({ prisma }: Database, scope: Scope, id: string): Promise<ApiKey> {
  requireAdmin(scope)
  const found = await prisma.apiKey.findFirst({ where: { id, AND: whichApiKeys(scope) } })
  if (!found) throw new NotFoundError('There is no such API key in this project.', ['id'])
  await prisma.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } })
  return prisma.apiKey.findUniqueOrThrow({ where: { id } })
}

/** The keys that a scope manages; none without the role ADMIN. */
export function whichApiKeys({ role, installation, projectId }: Scope): Prisma.ApiKeyWhereInput {
  if (role !== 'ADMIN') return { id: { in: [] } }
  return installation ? {} : { projectId }
}

/** The list of keys that a scope manages. @throws {ForbiddenError} not an ADMIN */
export function managedKeys(scope: Scope): { of: 'all' | 'project'; parent: string } {
  requireAdmin(scope)
  return scope.installation ? { of: 'all', parent: '' } : { of: 'project', parent: scope.projectId }
}
