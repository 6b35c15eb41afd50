import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { startProcess } from '../../src/cli/assay-process.ts'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import type { ReadinessReport } from '../../src/server/readiness.ts'
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
  await expect.poll(() => readyz(url)).toEqual({ code: 200, status: 'ready', checks: allOk })
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^assay_lanes_waiting\{process="server"\} 0$/m)
})
