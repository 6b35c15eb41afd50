/** Many runs against endpoints that fail in all ways at random: no wait is for ever, and no result is made up. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { parseHttpTask } from '../../src/tasks/http.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, figure, spawnWorker } from '../helpers/fault-lab.ts'
import { root, spawnNode } from '../helpers/spawn-assay.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const runs = 400
const size = 100
const atOnce = 100
const maxAttempts = 3

test(`${runs} runs of ${size} items end, and an item succeeds exactly where its endpoint has answered`, async () => {
  const program = spawnNode([join(root, 'test/faults/erratic-endpoints.ts'), String(runs)])
  const urls = JSON.parse((await program.says(/^\[.*\]$/m))[0]) as string[]
  await Promise.all([1, 2].map(() => spawnWorker(t.db.url, 200)))
  const datasetId = await seedDataset(t, [...Array(size).keys()])
  const calls: Record<string, number> = {}
  const counts = { SUCCEEDED: 0, FAILED: 0 }
  const wrong: object[] = []
  let slowest = 0

  const execute = async (url: string, n: number) => {
    const task = parseHttpTask({ kind: 'http', url, body: { item: '{{id}}' } }, [])
    // A hang is short enough for so many of them, and long enough for an answer on a busy machine.
    const settings = { concurrency: 1 + (n % 50), maxAttempts, timeoutMs: 2_000 }
    const startedAt = performance.now()
    const { id } = await startRun(t.services, t.scope, {
      experimentId: await seedExperiment(t, datasetId, task, settings),
    })
    const { run, items } = await followRun(t, id)
    slowest = Math.max(slowest, performance.now() - startedAt)
    expect(run).toMatchObject({ status: 'COMPLETED', total: size, queued: 0, running: 0 })
    const log = (await (await fetch(`${url}/calls`)).json()) as Record<string, string>
    for (const { status, attempts, itemId } of items.values()) {
      const outcomes = log[encodeGlobalId('DatasetItem', String(itemId))] ?? ''
      for (const letter of outcomes) calls[letter] = (calls[letter] ?? 0) + 1
      counts[status as 'SUCCEEDED'] += 1
      // A call that was asked to wait is no attempt.
      const spent = outcomes.replaceAll('w', '').length
      const answered = outcomes.endsWith('a') && spent <= maxAttempts
      const failed = !outcomes.includes('a') && spent === maxAttempts
      const expected = answered ? 'SUCCEEDED' : failed ? 'FAILED' : 'neither'
      if (status !== expected || attempts !== outcomes.length) wrong.push({ n, status, attempts, outcomes })
    }
  }
  const startedAt = performance.now()
  const left = urls.entries()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [n, url] of left) await execute(url, n)
    }),
  )
  const seconds = (ms: number) => (ms / 1_000).toFixed(1)
  const { a = 0, e = 0, w = 0, r = 0, h = 0 } = calls
  figure(
    `${runs} runs ended in ${seconds(performance.now() - startedAt)} s, the slowest in ${seconds(slowest)} s: ` +
      `${a + e + w + r + h} calls (${e} × 500, ${w} × 429, ${r} resets, ${h} hangs); ` +
      `${counts.SUCCEEDED} items succeeded, ${counts.FAILED} failed, ${wrong.length} otherwise than their endpoint says`,
  )
  expect(wrong).toEqual([])
  expect(counts.SUCCEEDED + counts.FAILED).toBe(runs * size)
}, 300_000)
