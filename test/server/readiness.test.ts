import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { startProcess } from '../../src/cli/assay-process.ts'
import { openDatabase } from '../../src/db/client.ts'
import { Listener } from '../../src/db/listener.ts'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/server.ts'
import { Readiness, type ReadinessReport } from '../../src/server/readiness.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { makeTemporary } from '../helpers/spawn-assay.ts'

const log = pino({ level: 'silent' })

async function readyz(url: string): Promise<ReadinessReport & { code: number }> {
  const response = await fetch(`${url}/readyz`)
  return { code: response.status, ...((await response.json()) as ReadinessReport) }
}

const allOk = { database: { ok: true }, migrations: { ok: true }, listener: { ok: true }, worker: { ok: true } }

test('a process is unready within seconds when PostgreSQL stops, says which parts fail, and is ready again when it is back', async () => {
  const dataDir = await makeTemporary()
  let postgres = await startEmbeddedPostgres({ dataDir })
  onTestFinished(() => postgres.stop())
  const config = join(import.meta.dirname, '..')
  const http = { host: '127.0.0.1', port: 0 }
  const assay = await startProcess({ log, databaseUrl: postgres.url, dataDir, config, slots: 10, http })
  onTestFinished(() => assay.stop())
  const url = assay.url ?? ''
  await expect.poll(() => readyz(url)).toEqual({ code: 200, status: 'ready', checks: allOk })

  await postgres.stop()
  const { code, status, checks } = await readyz(url)
  expect([code, status]).toEqual([503, 'unavailable'])
  expect(checks.database).toEqual({ ok: false, problem: 'The database does not answer.' })
  expect(checks.listener).toEqual({ ok: false, problem: 'Notifications from other processes do not arrive.' })
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  // What cannot be read is left out; the rest is still there.
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/^assay_slots\{process="worker"\} 10$/m)
  expect(metrics).not.toMatch(/^assay_lanes_waiting/m)

  postgres = await startEmbeddedPostgres({ dataDir })
  await expect.poll(() => readyz(url), { timeout: 10_000 }).toEqual({ code: 200, status: 'ready', checks: allOk })
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^assay_lanes_waiting\{process="server"\} 0$/m)
}, 60_000)

async function openTestDatabase() {
  const database = await createTestDatabase()
  const db = openDatabase(database.url)
  onTestFinished(async () => {
    await db.close()
    await database.drop()
  })
  return db
}

test('a missing migration makes a process unready; one of a newer version does not', async () => {
  const db = await openTestDatabase()
  const readiness = new Readiness({ db, log })
  await db.pool.query(`UPDATE _prisma_migrations SET migration_name = '29990101000000_newer' WHERE migration_name =
    (SELECT max(migration_name) FROM _prisma_migrations)`)
  expect(await readiness.report()).toEqual({
    status: 'unavailable',
    checks: {
      database: { ok: true },
      migrations: { ok: false, problem: 'The database is not at the schema of this version.' },
    },
  })
  const other = await openTestDatabase()
  await other.pool.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('newer', '', '29990101000000_newer', now())`)
  expect((await new Readiness({ db: other, log }).report()).status).toBe('ready')
})

test('a listener that hears nothing of what this database announces is found out', async () => {
  const db = await openTestDatabase()
  const elsewhere = await openTestDatabase()
  const listener = await new Listener(elsewhere.url).start()
  onTestFinished(() => listener.close())
  const { checks } = await new Readiness({ db, log, listener }).report()
  expect(checks).toMatchObject({ database: { ok: true }, listener: { ok: false } })
  expect((await new Readiness({ db: elsewhere, log, listener }).report()).status).toBe('ready')
})

test('a worker that has fetched nothing for 10 s is not ready', async () => {
  const db = await openTestDatabase()
  const status = async (agoMs: number) =>
    (await new Readiness({ db, log, worker: { fetchedAt: performance.now() - agoMs } }).report()).status
  expect(await status(9_000)).toBe('ready')
  expect(await status(11_000)).toBe('unavailable')
})

test('a process whose database has hardly any disk left is unready', async () => {
  const db = await openTestDatabase()
  const report = (free: number) => new Readiness({ db, log, dataDir: '/', freeBytes: async () => free }).report()
  expect((await report(100 * 1024 * 1024)).checks.disk).toEqual({
    ok: false,
    problem: 'Less than 128 MB are free where the database has its data.',
  })
  expect((await report(200 * 1024 * 1024)).status).toBe('ready')
})

test('a database without a connection to spare is not blamed for its schema', async () => {
  const db = await openTestDatabase()
  const query = async () => {
    throw Object.assign(new Error('sorry, too many clients already'), { code: '53300' })
  }
  const { checks } = await new Readiness({
    db: { ...db, pool: Object.assign(Object.create(db.pool), { query }) },
    log,
  }).report()
  expect(checks.migrations).toEqual({ ok: false, problem: 'The database cannot be asked for its schema.' })
})
