import { hash, randomBytes } from 'node:crypto'
import type { Database } from '../db/client.ts'
import type { ApiKey } from '../db/generated/prisma/client.ts'
import { NotFoundError } from '../domain/errors.ts'
import { name, parseInput } from '../domain/parse-input.ts'
import type { Role } from '../domain/scope.ts'

/** Creates a key of 192 random bits. It is returned only here: the database stores its hash and its prefix. */
export async function createApiKey(
  { prisma }: Database,
  input: { projectId: string; name: string; role: Role },
): Promise<{ key: string; row: ApiKey }> {
  const key = `assay_${randomBytes(24).toString('base64url')}`
  const sha256 = hash('sha256', key, 'buffer')
  const data = { ...input, name: parseInput(name, input.name, ['name']), prefix: key.slice(0, 12), sha256 }
  return { key, row: await prisma.apiKey.create({ data }) }
}

/** Revokes the key with this prefix. @throws {NotFoundError} no active key has it */
export async function revokeApiKey({ prisma }: Database, projectId: string, prefix: string): Promise<void> {
  const { count } = await prisma.apiKey.updateMany({
    where: { projectId, prefix, revokedAt: null },
    data: { revokedAt: new Date() },
  })
  if (count === 0) throw new NotFoundError(`There is no key in use that begins with ${prefix}.`)
}
