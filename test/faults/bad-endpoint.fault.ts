/** An endpoint that hangs, resets connections and stops in the middle of a response costs its timeout and no more. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestEngine, followRun, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

test('no slot is held longer than the timeout and a second', async () => {
  const timeoutMs = 1_500
  const endpoint = await spawnEndpoint()
  await spawnWorker(t.db.url, 40)
  const settings = { concurrency: 40, timeoutMs, maxAttempts: 1 }
  // Each quarter of the items gets one of: an answer after 100 ms, no answer, a reset, half an answer.
  const runId = await startEndpointRun(t, endpoint, { items: 400, path: '/mixed?ms=100', settings })
  const { run, items } = await followRun(t, runId)
  const { rows } = await t.db.pool.query<{ code: string; n: number }>(
    `SELECT COALESCE(error ->> 'code', status::text) AS code, count(*)::int AS n FROM run_item WHERE run_id = $1 GROUP BY 1 ORDER BY 1`,
    [runId],
  )
  const calls = await endpoint.calls()
  const held = calls.map(({ startedAt, endedAt }) => (endedAt ?? Infinity) - startedAt)
  const longest = Math.max(...held)
  figure(
    `${rows.map(({ code, n }) => `${n} ${code}`).join(', ')}; a connection was held ${longest} ms at most ` +
      `(time limit ${timeoutMs} ms)`,
  )
  expect(items.size).toBe(400)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 100, failed: 300, running: 0 })
  expect(rows).toEqual([
    { code: 'CONNECTION_FAILED', n: 100 },
    { code: 'SUCCEEDED', n: 100 },
    { code: 'TIMEOUT', n: 200 },
  ])
  expect(calls).toHaveLength(400)
  expect(longest).toBeLessThanOrEqual(timeoutMs + 1_000)
  expect(await auditRun(t, runId)).toMatchObject({ succeeded: 100, failed: 300, scores: 100, leased: 0 })
})
