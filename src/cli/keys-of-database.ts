import { type Database, openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { MigrationError } from '../db/migration-error.ts'
import { NotFoundError, UserError } from '../domain/errors.ts'
import type { Role, Scope } from '../domain/scope.ts'
import { EmbeddedPostgresError } from '../embedded-postgres/error.ts'
import { type CreateApiKeyInput, createApiKey, revokeApiKey } from '../engine/projects/api-keys.ts'
import { localPerson } from '../engine/projects/persons.ts'
import { CliError } from './cli-error.ts'
import { openLog } from './log.ts'
import { openPostgres } from './open-postgres.ts'

/** A key as `assay keys list` shows it. */
export interface ListedKey {
  id: string
  prefix: string
  role: Role
  /** Null: a key of the installation. */
  project: string | null
  name: string
  lastUsedAt: Date | null
}

/** The API keys of an installation, however they are reached. */
export interface ApiKeys {
  /** @returns the key itself */
  create(input: CreateApiKeyInput): Promise<string>
  /** The keys in use that begin with `prefix`, oldest first. */
  list(prefix: string): Promise<ListedKey[]>
  /** @param id as listed */
  revoke(id: string): Promise<void>
}

/**
 * Works on the keys in DATABASE_URL, or in the embedded database of the directory, even while a server is running on
 * it.
 * @param projectName the project of created keys; default: `default`
 * @throws {CliError} when there is no such project, or the database cannot be used
 */
export async function withDatabaseKeys(
  dataDir: string,
  projectName: string | undefined,
  work: (keys: ApiKeys) => Promise<void>,
): Promise<void> {
  try {
    const databaseUrl = process.env.DATABASE_URL || null
    const postgres = await openPostgres({ log: openLog('warn'), databaseUrl, dataDir, share: true })
    const db = openDatabase(postgres.url)
    try {
      await migrate(postgres.url)
      await work(keysOf(db, await ownScope(db, projectName ?? 'default')))
    } finally {
      await db.close()
      await postgres.stop()
    }
  } catch (error) {
    const known = [UserError, EmbeddedPostgresError, MigrationError].some((type) => error instanceof type)
    throw known ? new CliError((error as Error).message, { cause: error }) : error
  }
}

/** Creates a key for the administrator of the installation. @returns the key itself */
export async function createFirstKey(db: Database): Promise<string> {
  const scope = await ownScope(db, 'default')
  const { key } = await createApiKey(db, scope, { name: 'admin', role: 'ADMIN', installation: true })
  return key
}

/** Anyone with access to the database is an administrator of the installation. */
async function ownScope({ prisma }: Database, projectName: string): Promise<Scope> {
  const project = await prisma.project.findUnique({ where: { name: projectName } })
  if (!project) throw new NotFoundError(`There is no project "${projectName}".`)
  const person = await prisma.person.findFirstOrThrow({ where: { projectId: null, name: localPerson } })
  return { projectId: project.id, role: 'ADMIN', installation: true, person }
}

function keysOf(db: Database, scope: Scope): ApiKeys {
  return {
    create: async (input) => (await createApiKey(db, scope, input)).key,
    async list(prefix) {
      const rows = await db.prisma.apiKey.findMany({
        where: { revokedAt: null, prefix: { startsWith: prefix } },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        include: { project: true },
      })
      return rows.map((row) => ({ ...row, project: row.project?.name ?? null }))
    },
    revoke: async (id) => void (await revokeApiKey(db, scope, id)),
  }
}
