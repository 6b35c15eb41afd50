/** A separate, migrated database for a test file. */
import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { databaseUrl, templateName } from './database-url.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server of this test run. */
    postgresUrl: string
  }
}

export type TestDatabase = {
  url: string
  /** Drops the database, even with open connections. Idempotent. */
  drop(): Promise<void>
}

/**
 * Creates a database on the server of this test run (tens of milliseconds).
 * @param from the database to copy: by default the migrated one; `template0` for an empty one
 */
export async function createTestDatabase(from: string = templateName): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${from}`)
  return {
    url: databaseUrl(server, name),
    drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function execute(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
