/** What Assay needs of its database. Nothing is changed in it. */
import { join } from 'node:path'
import { type Database, openDatabase } from '../../db/client.ts'
import { Listener } from '../../db/listener.ts'
import { migrationNames } from '../../db/migrate.ts'
import { listMigrations } from '../../db/sql/backup/tables.ts'
import { countKeys, type DatabaseSettings, loadSettings } from '../../db/sql/database/settings.ts'
import { messageOf } from '../../domain/errors.ts'
import { withDeadline } from '../../domain/execution/deadline.ts'
import { EmbeddedPostgresError } from '../../embedded-postgres/error.ts'
import { checkSecretKey, SecretKeyError } from '../../engine/secrets/open-secrets.ts'
import { CliError } from '../cli-error.ts'
import { openLog } from '../log.ts'
import { openPostgres } from '../open-postgres.ts'
import { type Finding, ok, problem, skipped, warning } from './check.ts'

const names = ['schema', 'database settings', 'clock', 'keys', 'secret key']

interface Options {
  databaseUrl: string | null
  dataDir: string
  env: NodeJS.ProcessEnv
}

/** Starts the embedded PostgreSQL if it is not running, and stops it again. */
export async function checkDatabase({ databaseUrl, dataDir, env }: Options): Promise<Finding[]> {
  try {
    const postgres = await openPostgres({ log: openLog('error'), databaseUrl, dataDir, share: true })
    const db = openDatabase(postgres.url, { max: 2 })
    try {
      const ownFile = databaseUrl === null ? join(dataDir, 'secret-key') : null
      return [ok('database', `${postgres.name} answers.`), ...(await inside(db, { env, ownFile }))]
    } finally {
      await db.close()
      await postgres.stop()
    }
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError || error instanceof CliError)) throw error
    return [problem('database', error.message), ...names.map((name) => skipped(name, 'The database cannot be used.'))]
  }
}

async function inside(db: Database, secrets: { env: NodeJS.ProcessEnv; ownFile: string | null }): Promise<Finding[]> {
  const asked = Date.now()
  const settings = await loadSettings(db.pool)
  const clock = checkClock(settings.now, { asked, answered: Date.now() })
  const schema = await checkSchema(db)
  const found = [schema, await checkSettings(db, settings), clock]
  // Older and newer schemas may not have these tables.
  const usable = schema.result === 'OK'
  const later = skipped('', 'The schema is not that of this version.')
  const keys = usable ? await checkKeys(db) : { ...later, name: 'keys' }
  const secretKey = usable ? await checkSecret(db, secrets) : { ...later, name: 'secret key' }
  return [...found, keys, secretKey]
}

async function checkSchema(db: Database): Promise<Finding> {
  const applied = await listMigrations(db.pool).catch((error: { code?: string }) => {
    if (error.code === '42P01') return null
    throw error
  })
  if (applied === null) return warning('schema', 'The database is empty: the first `assay serve` prepares it.')
  const known = await migrationNames()
  const newer = applied.find((name) => !known.includes(name))
  if (newer !== undefined) {
    return problem(
      'schema',
      `The data is of a newer Assay, whose migration ${newer} this one does not have: update Assay, or use another database.`,
    )
  }
  const missing = known.filter((name) => !applied.includes(name))
  if (missing.length === 0) return ok('schema', `All ${applied.length} migrations are applied.`)
  return warning('schema', `The data is of an older Assay: back up, then start this one, which migrates it.`)
}

/** Of a server and a worker, and some that PostgreSQL keeps for administrators. */
const leastConnections = 60
const testedVersion = 180_000

async function checkSettings(db: Database, settings: DatabaseSettings): Promise<Finding> {
  const { version, encoding, fsync, synchronousCommit, maxConnections, isReadOnly } = settings
  const name = 'database settings'
  if (isReadOnly)
    return problem(name, 'The database only reads: it is a replica, or default_transaction_read_only is on.')
  if (encoding !== 'UTF8')
    return problem(name, `The encoding is ${encoding}: create the database with ENCODING 'UTF8'.`)
  const listening = await checkListening(db)
  if (listening !== null) return problem(name, listening)
  const faults = [
    ...(fsync ? [] : ['fsync is off: a crash of the machine loses data']),
    ...(synchronousCommit === 'off' ? ['synchronous_commit is off: a crash loses the last results'] : []),
    ...(maxConnections < leastConnections
      ? [`max_connections is ${maxConnections}: a server takes up to 38, a worker up to 17`]
      : []),
    ...(version < testedVersion
      ? [`it is PostgreSQL ${Math.floor(version / 10_000)}, and Assay is tested with 18`]
      : []),
  ]
  if (faults.length > 0) return warning(name, `${faults.join('; ')}.`)
  return ok(name, `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}, ${maxConnections} connections.`)
}

/** What keeps notifications from arriving; null when nothing does. */
async function checkListening(db: Database): Promise<string | null> {
  const listener = await new Listener(db.url).start()
  try {
    const deadline = { timeoutMs: 2_000, signal: new AbortController().signal }
    await withDeadline((signal) => listener.checkRoundTrip(db.pool, signal), deadline)
    return null
  } catch {
    return 'A NOTIFY does not arrive: DATABASE_URL leads to a pooler in transaction mode. Let it lead to PostgreSQL itself, and ASSAY_POOLED_DATABASE_URL to the pooler.'
  } finally {
    await listener.close()
  }
}

const maxSkewMs = 2_000

/** @param own when the database was asked and had answered, by the clock of this machine */
export function checkClock(databaseNow: number, { asked, answered }: { asked: number; answered: number }): Finding {
  const skew = databaseNow < asked ? databaseNow - asked : Math.max(0, databaseNow - answered)
  if (Math.abs(skew) <= maxSkewMs) return ok('clock', 'The clock agrees with that of the database.')
  const way = skew > 0 ? 'behind' : 'ahead of'
  return problem(
    'clock',
    `This machine is ${(Math.abs(skew) / 1_000).toFixed(1)} s ${way} the database: leases and times of runs go wrong; synchronise both (NTP).`,
  )
}

async function checkKeys(db: Database): Promise<Finding> {
  const { inUse, ever } = await countKeys(db.pool)
  if (inUse > 0) return ok('keys', `${inUse} in use; every request needs one.`)
  if (ever)
    return problem('keys', 'All keys are revoked, and every request needs one: make one with `assay keys create`.')
  return ok('keys', 'None: only this machine may use the server, and everybody on it may do everything.')
}

async function checkSecret(
  db: Database,
  { env, ownFile }: { env: NodeJS.ProcessEnv; ownFile: string | null },
): Promise<Finding> {
  try {
    return ok('secret key', await checkSecretKey({ db: db.pool, env, ownFile }))
  } catch (error) {
    if (error instanceof SecretKeyError) return problem('secret key', messageOf(error))
    throw error
  }
}
