/**
 * `assay keys`: manages access to a server that is not on loopback. Works on the database directly, without a server.
 */
import { Command, Option } from 'commander'
import { type Database, openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { MigrationError } from '../db/migration-error.ts'
import { UserError } from '../domain/errors.ts'
import type { Role } from '../domain/scope.ts'
import { EmbeddedPostgresError } from '../embedded-postgres/error.ts'
import { createApiKey, revokeApiKey } from '../engine/api-keys.ts'
import { CliError } from './cli-error.ts'
import { openLog } from './log.ts'
import { openPostgres } from './open-postgres.ts'

interface KeysOptions {
  dataDir: string
}

export function keysCommand(): Command {
  const command = new Command('keys').description('Create, list and revoke API keys.').addHelpText(
    'after',
    `
A server without keys answers on loopback only. Restart servers after creating the first key: they check only at startup.

Examples:
  $ assay keys create laptop
  $ assay keys create prometheus --role READ
  $ DATABASE_URL=postgresql://me@db/assay assay keys list`,
  )
  withDatabase(command.command('create <name>').description('Create a key; it is shown once.'))
    .addOption(new Option('--role <role>', 'what it allows').choices(['READ', 'WRITE', 'ADMIN']).default('ADMIN'))
    .action((name: string, options: KeysOptions & { role: Role }) =>
      onDatabase(options, async (db, projectId) => {
        const { key } = await createApiKey(db, { projectId, name, role: options.role })
        process.stdout.write(`${key}\n`)
        process.stderr.write('Keep it: it is not shown again. Send it as the header "Authorization: Bearer <key>".\n')
      }),
    )
  withDatabase(command.command('list').description('List the keys in use.')).action((options: KeysOptions) =>
    onDatabase(options, async ({ prisma }, projectId) => {
      const keys = await prisma.apiKey.findMany({
        where: { projectId, revokedAt: null },
        orderBy: { createdAt: 'asc' },
      })
      for (const { prefix, role, name, lastUsedAt } of keys) {
        const used = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.toISOString()}`
        process.stdout.write(`${prefix}…  ${role.padEnd(5)}  ${name}  (${used})\n`)
      }
    }),
  )
  withDatabase(command.command('revoke <prefix>').description('Revoke a key by its prefix, as listed.')).action(
    (prefix: string, options: KeysOptions) =>
      onDatabase(options, (db, projectId) => revokeApiKey(db, projectId, prefix.replace(/…$/, ''))),
  )
  return command
}

function withDatabase(command: Command): Command {
  return command.addOption(
    new Option('--data-dir <path>', 'data directory of the embedded PostgreSQL, without DATABASE_URL')
      .env('ASSAY_DATA_DIR')
      .default('.assay'),
  )
}

async function onDatabase(
  { dataDir }: KeysOptions,
  work: (db: Database, projectId: string) => Promise<void>,
): Promise<void> {
  try {
    const log = openLog('warn')
    const postgres = await openPostgres({ log, databaseUrl: process.env.DATABASE_URL || null, dataDir })
    const db = openDatabase(postgres.url)
    try {
      await migrate(postgres.url)
      const { id } = await db.prisma.project.findUniqueOrThrow({ where: { name: 'default' } })
      await work(db, id)
    } finally {
      await db.close()
      await postgres.stop()
    }
  } catch (error) {
    const known = [UserError, EmbeddedPostgresError, MigrationError].some((type) => error instanceof type)
    throw known ? new CliError((error as Error).message, { cause: error }) : error
  }
}
