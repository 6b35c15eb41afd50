/** PostgreSQL crashes, as with `pg_ctl stop -m immediate`, while a run executes, and comes back soon or late. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { leaseSeconds } from '../../src/db/queue.ts'
import { createTestEngine } from '../helpers/engine.ts'
import { addEvaluator, auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'
import { makeDirectory, spawnHolder, started } from '../helpers/spawn-holder.ts'

test('a run survives a crash of PostgreSQL, whether it comes back before or after the leases expire', async () => {
  const size = 4_000
  const dataDir = `${await makeDirectory()}/data`
  let holder = await spawnHolder(dataDir)
  const { url } = started(holder)
  await migrate(url)
  await using t = await createTestEngine({}, { url, drop: async () => {} })
  await addEvaluator(t)
  const endpoint = await spawnEndpoint()
  const workers = await Promise.all([spawnWorker(url, 50), spawnWorker(url, 50)])
  const settings = { concurrency: 100, timeoutMs: 30_000 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=400', settings })

  const outages: string[] = []
  for (const [share, downMs] of [
    [0.15, 0],
    [0.35, leaseSeconds * 1_000 + 3_000],
    [0.7, 500],
  ] as const) {
    await expect
      .poll(async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })).succeeded / size, {
        timeout: 60_000,
      })
      .toBeGreaterThan(share)
    const { pid } = started(holder)
    // Its holder would restart it at once.
    await holder.end('SIGKILL')
    process.kill(pid, 'SIGQUIT')
    const stoppedAt = performance.now()
    await delay(downMs)
    holder = await spawnHolder(dataDir)
    expect(started(holder).url).toBe(url)
    const seconds = (performance.now() - stoppedAt) / 1_000
    const callsBefore = (await endpoint.calls()).length
    await expect
      .poll(async () => (await endpoint.calls()).length, { timeout: 30_000 })
      .toBeGreaterThan(callsBefore + 100)
    const resumed = (performance.now() - stoppedAt) / 1_000 - seconds
    outages.push(`${seconds.toFixed(1)} s (on its way again after ${resumed.toFixed(1)} s)`)
  }

  await expect
    .poll(async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })).status, {
      timeout: 60_000,
      interval: 500,
    })
    .toBe('COMPLETED')
  const audit = await auditRun(t, runId)
  const calls = await endpoint.calls()
  figure(`PostgreSQL away for ${outages.join(', ')}: ${audit.items} results, ${calls.length - size} extra calls`)
  expect(audit).toMatchObject({ items: size, succeeded: size, scores: size, scored: size, summarized: size, leased: 0 })
  expect(audit.run).toMatchObject({ succeeded: size, failed: 0, queued: 0, running: 0 })
  for (const worker of workers) expect(worker.process.exitCode).toBeNull()
})
