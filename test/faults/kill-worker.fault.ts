/** kill -9 of random workers: everything is recorded once, and interrupted items are taken over soon. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leaseSeconds } from '../../src/db/queue.ts'
import { createTestEngine, followRun, type TestEngine } from '../helpers/engine.ts'
import {
  addEvaluator,
  auditRun,
  figure,
  type SpawnedWorker,
  spawnEndpoint,
  spawnWorker,
  startEndpointRun,
} from '../helpers/fault-lab.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const size = 2_000
const kills = 20

interface Held {
  ordinal: number
  lease: string
}

async function heldBy(runId: string, leases: string[]): Promise<Held[]> {
  const { rows } = await t.db.pool.query<Held>(
    `SELECT ordinal, lease::text FROM run_item WHERE run_id = $1 AND status = 'RUNNING' AND lease = ANY ($2::bigint[])`,
    [runId, leases],
  )
  return rows
}

/**
 * One of the workers that hold items, at random. Waits until there is one: a new worker has no lane of the run until
 * the leases of earlier victims have expired, and its death would interrupt nothing.
 */
async function workerWithWork(runId: string, workers: SpawnedWorker[]): Promise<SpawnedWorker> {
  const deadline = performance.now() + 3 * leaseSeconds * 1_000
  for (;;) {
    const loads = await Promise.all(workers.map((worker) => heldBy(runId, worker.leases())))
    const busy = workers.filter((_, index) => loads[index]?.length)
    const chosen = busy[Math.floor(Math.random() * busy.length)]
    if (chosen) return chosen
    if (performance.now() > deadline) throw new Error('no worker holds an item of the run')
    await delay(100)
  }
}

/** Seconds until no item is under the leases of a killed worker. */
async function recovery(runId: string, held: Held[]): Promise<number> {
  const killedAt = performance.now()
  const leases = [...new Set(held.map(({ lease }) => lease))]
  while ((await heldBy(runId, leases)).length > 0) await delay(100)
  return (performance.now() - killedAt) / 1_000
}

test(`${kills} kills at random among 3 workers lose nothing and record nothing twice`, async () => {
  const endpoint = await spawnEndpoint()
  const spawn = () => spawnWorker(t.db.url, 20)
  const workers = await Promise.all([spawn(), spawn(), spawn()])
  const settings = { concurrency: 60, timeoutMs: 30_000 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=1200', settings })
  await expect.poll(async () => (await endpoint.calls()).length, { timeout: 20_000 }).toBeGreaterThan(60)

  const recoveries: Promise<number>[] = []
  let interrupted = 0
  for (let kill = 0; kill < kills; kill += 1) {
    await delay(500 + Math.random() * 2_000)
    const victim = await workerWithWork(runId, workers)
    // Paused first, so that its items can be counted before it is killed.
    victim.process.kill('SIGSTOP')
    await delay(20)
    const held = await heldBy(runId, victim.leases())
    victim.process.kill('SIGKILL')
    await victim.exited
    interrupted += held.length
    if (held.length > 0) recoveries.push(recovery(runId, held))
    workers[workers.indexOf(victim)] = await spawn()
  }
  const audit = await auditRun(t, runId)
  expect(audit.succeeded, 'the run must outlast the kills').toBeLessThan(size)

  const { items, run } = await followRun(t, runId)
  const after = await auditRun(t, runId)
  const calls = await endpoint.calls()
  const seconds = await Promise.all(recoveries)
  const slowest = Math.max(...seconds)
  const mean = seconds.reduce((sum, s) => sum + s, 0) / seconds.length
  figure(
    `${kills} kills, ${recoveries.length} of workers with work: ${after.items} results, ${after.scores} scores; ` +
      `${calls.length - size} extra calls, ${interrupted} items in flight at the kills; ` +
      `recovery ${mean.toFixed(1)} s on average, at most ${slowest.toFixed(1)} s (limit ${2 * leaseSeconds} s)`,
  )
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: size, failed: 0, cancelled: 0, queued: 0, running: 0 })
  expect(items.size).toBe(size)
  expect(after).toMatchObject({ items: size, succeeded: size, scores: size, scored: size, summarized: size, leased: 0 })
  expect(new Set(calls.map((call) => call.item)).size).toBe(size)
  expect(calls.length - size).toBeLessThanOrEqual(interrupted)
  expect(slowest).toBeLessThanOrEqual(2 * leaseSeconds)
  expect(recoveries.length).toBeGreaterThan(kills / 2)
})
