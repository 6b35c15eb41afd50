/** A worker that is frozen past its lease and then continues, like a suspended machine, writes nothing more. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTestEngine, followRun, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

interface Row {
  ordinal: number
  status: string
  lease: string | null
  seq: number
  attempts: number
  traceId: string | null
  output: unknown
}

async function rowsOf(runId: string): Promise<Row[]> {
  const { rows } = await t.db.pool.query<Row>(
    `SELECT ordinal, status, lease::text, seq, attempts, trace_id AS "traceId", output FROM run_item WHERE run_id = $1`,
    [runId],
  )
  return rows
}

test('a worker that is frozen past its lease writes nothing when it continues', async () => {
  const endpoint = await spawnEndpoint()
  const frozen = await spawnWorker(t.db.url, 20)
  const settings = { concurrency: 40, timeoutMs: 60_000 }
  const runId = await startEndpointRun(t, endpoint, { items: 1_200, path: '/answer?ms=800', settings })
  await expect.poll(async () => (await endpoint.calls()).length, { timeout: 20_000 }).toBeGreaterThan(20)
  // It takes the lanes that the first worker has no slots for, and later all of them.
  await spawnWorker(t.db.url, 40)
  await expect.poll(async () => (await endpoint.calls()).length, { timeout: 20_000 }).toBeGreaterThan(100)

  // A frozen process does not react to SIGTERM either.
  onTestFinished(() => void frozen.process.kill('SIGCONT'))
  let stale = new Set<string>()
  let held: Row[] = []
  // Its calls start and end together; between two rounds it briefly holds nothing.
  while (held.length === 0) {
    frozen.process.kill('SIGCONT')
    await delay(200)
    frozen.process.kill('SIGSTOP')
    await delay(20)
    stale = new Set(frozen.leases())
    held = (await rowsOf(runId)).filter(({ lease }) => lease !== null && stale.has(lease))
  }
  const isStill = (row: Row) => row.lease !== null && stale.has(row.lease)
  await expect.poll(async () => (await rowsOf(runId)).filter(isStill).length, { timeout: 20_000 }).toBe(0)
  const takenOver = new Set(held.map(({ ordinal }) => ordinal))
  await expect
    .poll(
      async () =>
        (await rowsOf(runId)).filter((row) => takenOver.has(row.ordinal) && row.status === 'SUCCEEDED').length,
      {
        timeout: 30_000,
      },
    )
    .toBe(held.length)

  const before = new Map(
    (await rowsOf(runId)).filter((row) => takenOver.has(row.ordinal)).map((row) => [row.ordinal, row]),
  )
  frozen.process.kill('SIGCONT')
  const { run } = await followRun(t, runId)
  const after = (await rowsOf(runId)).filter((row) => takenOver.has(row.ordinal))
  const staleWrites = after.filter((row) => JSON.stringify(row) !== JSON.stringify(before.get(row.ordinal)))
  const resumed = frozen.leases().filter((lease) => !stale.has(lease)).length
  const audit = await auditRun(t, runId)
  figure(
    `stopped with ${held.length} items in flight, all taken over; ${staleWrites.length} stale writes after it went on; ` +
      `it holds ${resumed} lanes under new leases since`,
  )
  expect(staleWrites).toEqual([])
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 1_200, queued: 0, running: 0 })
  expect(audit).toMatchObject({
    items: 1_200,
    succeeded: 1_200,
    scores: 1_200,
    scored: 1_200,
    summarized: 1_200,
    leased: 0,
  })
})
