/**
 * Prisma's own view of a database, by its schema engine: the WebAssembly build, because the native one would have to be
 * downloaded.
 */
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { Pool, type QueryArrayConfig } from 'pg'

const schemaPath = join(import.meta.dirname, '../../prisma/schema.prisma')
const migrationsPath = join(import.meta.dirname, '../../prisma/migrations')
const filters = { externalTables: [], externalEnums: [] }

/** PostgreSQL's internal type `"char"` and the array of it. */
const internalChar = 18
const internalCharArray = 1002

/** @returns the SQL that would migrate the database to schema.prisma; empty when they agree */
export async function schemaDiff(url: string): Promise<string> {
  const files = [{ path: schemaPath, content: await readFile(schemaPath, 'utf8') }]
  const { stdout } = await withEngine(url, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: dirname(schemaPath) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: filters,
    }),
  )
  return (stdout ?? '').replace('-- This is an empty migration.', '').trim()
}

/** `prisma migrate deploy` with Assay's migrations. @returns the names of the applied ones */
export async function prismaDeploy(url: string): Promise<string[]> {
  const entries = await readdir(migrationsPath, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const migrationDirectories = await Promise.all(
    names.sort().map(async (path) => {
      const value = await readFile(join(migrationsPath, path, 'migration.sql'), 'utf8')
      return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } }
    }),
  )
  const lockfile = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' }
  const migrationsList = { baseDir: migrationsPath, lockfile, shadowDbInitScript: '', migrationDirectories }
  const result = await withEngine(url, (engine) => engine.applyMigrations({ migrationsList, filters: filters }))
  return result.appliedMigrationNames
}

async function withEngine<T>(url: string, work: (engine: bindings.SchemaEngine) => Promise<T>): Promise<T> {
  loading ??= loadEngine()
  const Engine = await loading
  const pool = new Pool({ connectionString: url })
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(catalogAdapter(pool))
    const datamodel: [string, string] = [schemaPath, await readFile(schemaPath, 'utf8')]
    return await work(await Engine.new({ datamodels: [datamodel] }, () => {}, adapter))
  } finally {
    await pool.end()
  }
}

/**
 * Prisma's adapter, as the schema engine needs it. The catalog is full of `"char"`, which the adapter does not support; it
 * does support arrays of it.
 */
function catalogAdapter(pool: Pool): PrismaPg {
  const query = pool.query.bind(pool)
  Object.assign(pool, {
    query: async (config: QueryArrayConfig) => {
      const result = await query(config)
      for (const field of result.fields ?? []) {
        if (field.dataTypeID === internalChar) field.dataTypeID = internalCharArray
      }
      return result
    },
  })
  const factory = new PrismaPg(pool)
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async (sql) => {
      const { CharacterArray, Character } = ColumnTypeEnum
      const result = await queryRaw(sql)
      return { ...result, columnTypes: result.columnTypes.map((type) => (type === CharacterArray ? Character : type)) }
    }
    // The adapter splits a script at every semicolon, also inside a function's body; the engine of the command line does not.
    adapter.executeScript = async (script) => void (await query(script))
    return adapter
  }
  return factory
}

let loading: Promise<typeof bindings.SchemaEngine> | undefined

async function loadEngine(): Promise<typeof bindings.SchemaEngine> {
  // A panic of the engine reports its reason here, then ends in "unreachable".
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: console.error } })
  const packageDir = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
  const code = await readFile(join(packageDir, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': { ...bindings } })
  const start = instance.exports.__wbindgen_start
  bindings.__wbg_set_wasm(instance.exports)
  if (typeof start === 'function') start()
  return bindings.SchemaEngine
}
