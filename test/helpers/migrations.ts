/** Databases for tests to migrate, and test migrations. */
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import { createTestDatabase } from './database.ts'
import { makeTemporary, root } from './spawn-assay.ts'

export async function emptyDatabase(): Promise<string> {
  const database = await createTestDatabase('template0')
  onTestFinished(database.drop)
  return database.url
}

/** A directory of migrations in Prisma's layout: SQL by name. */
export async function migrationsDirectory(migrations: Record<string, string>): Promise<string> {
  const path = await makeTemporary()
  await writeFile(join(path, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await addMigrations(path, migrations)
  return path
}

/** A directory of Assay's own migrations up to one of them, which is not in it. */
export async function migrationsBefore(migration: string): Promise<string> {
  const directory = join(root, 'prisma/migrations')
  const path = await makeTemporary()
  for (const name of await readdir(directory)) {
    if (name < migration) await cp(join(directory, name), join(path, name), { recursive: true })
  }
  return path
}

/** This version with the migrations of its successor. @returns its program, to be started like this one */
export async function newerVersion(migrations: Record<string, string>): Promise<string> {
  const path = await makeTemporary()
  for (const part of ['src', 'schema', 'prisma', 'package.json', 'codegen.ts'])
    await cp(join(root, part), join(path, part), { recursive: true, preserveTimestamps: true })
  await symlink(join(root, 'node_modules'), join(path, 'node_modules'))
  await addMigrations(join(path, 'prisma/migrations'), migrations)
  return join(path, 'src/cli/bin.mjs')
}

async function addMigrations(directory: string, migrations: Record<string, string>): Promise<void> {
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'migration.sql'), sql)
  }
}

export async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const result = await client.query(sql)
  await client.end()
  return result.rows
}
