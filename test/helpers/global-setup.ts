/** One PostgreSQL for the whole test run, with a migrated database that all test databases are copies of. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/db/migrate.ts'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import { isRunning } from '../../src/embedded-postgres/process.ts'
import { databaseUrl, templateName } from './database-url.ts'

const prefix = 'assay-test-'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers()
  const dataDir = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  const server = await startEmbeddedPostgres({ dataDir, settings: throwawaySettings })
  const admin = new Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${templateName}`)
  await admin.end()
  await migrate(databaseUrl(server.url, templateName))
  project.provide('postgresUrl', server.url)
  return async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** These rows need not survive a crash. */
const throwawaySettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }

/** A killed test run leaves its server and directory behind: adopts the server, stops it and removes both. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (!pid || isRunning(Number(pid))) continue
    const dataDir = join(tmpdir(), name)
    // Another test run may be removing it at the same time.
    const server = await startEmbeddedPostgres({ dataDir, settings: throwawaySettings }).catch(() => undefined)
    await server?.stop()
    if (server) await rm(dataDir, { recursive: true, force: true })
  }
}
