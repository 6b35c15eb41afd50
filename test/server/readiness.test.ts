import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/client.ts'
import { Listener } from '../../src/db/listener.ts'
import { Readiness } from '../../src/server/readiness.ts'
import { createTestDatabase } from '../helpers/database.ts'

const log = pino({ level: 'silent' })

async function openTestDatabase() {
  const database = await createTestDatabase()
  const db = openDatabase(database.url)
  const close = async () => {
    await db.close()
    await database.drop()
  }
  return { db, close }
}

/** One that no test changes. */
let db: Database
let close: () => Promise<void>
beforeAll(async () => {
  ;({ db, close } = await openTestDatabase())
})
afterAll(() => close())

async function openAnother(): Promise<Database> {
  const another = await openTestDatabase()
  onTestFinished(another.close)
  return another.db
}

test('a missing migration makes a process unready; one of a newer version does not', async () => {
  const older = await openAnother()
  const readiness = new Readiness({ db: older, log })
  await older.pool.query(`UPDATE _prisma_migrations SET migration_name = '29990101000000_newer' WHERE migration_name =
    (SELECT max(migration_name) FROM _prisma_migrations)`)
  expect(await readiness.report()).toEqual({
    status: 'unavailable',
    checks: {
      database: { ok: true },
      migrations: { ok: false, problem: 'The database is not at the schema of this version.' },
    },
  })
  const other = await openAnother()
  await other.pool.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('newer', '', '29990101000000_newer', now())`)
  expect((await new Readiness({ db: other, log }).report()).status).toBe('ready')
})

test('a listener that hears nothing of what this database announces is found out', async () => {
  const elsewhere = await openAnother()
  const listener = await new Listener(elsewhere.url).start()
  onTestFinished(() => listener.close())
  const { checks } = await new Readiness({ db, log, listener }).report()
  expect(checks).toMatchObject({ database: { ok: true }, listener: { ok: false } })
  expect((await new Readiness({ db: elsewhere, log, listener }).report()).status).toBe('ready')
})

test('a worker that has fetched nothing for 10 s is not ready', async () => {
  const status = async (agoMs: number) =>
    (await new Readiness({ db, log, worker: { fetchedAt: performance.now() - agoMs } }).report()).status
  expect(await status(9_000)).toBe('ready')
  expect(await status(11_000)).toBe('unavailable')
})

test('a process whose database has hardly any disk left is unready', async () => {
  const report = (free: number) => new Readiness({ db, log, dataDir: '/', freeBytes: async () => free }).report()
  expect((await report(100 * 1024 * 1024)).checks.disk).toEqual({
    ok: false,
    problem: 'Less than 128 MB are free where the database has its data.',
  })
  expect((await report(200 * 1024 * 1024)).status).toBe('ready')
})

test('a database without a connection to spare is not blamed for its schema', async () => {
  const query = async () => {
    throw Object.assign(new Error('sorry, too many clients already'), { code: '53300' })
  }
  const { checks } = await new Readiness({
    db: { ...db, pool: Object.assign(Object.create(db.pool), { query }) },
    log,
  }).report()
  expect(checks.migrations).toEqual({ ok: false, problem: 'The database cannot be asked for its schema.' })
})
