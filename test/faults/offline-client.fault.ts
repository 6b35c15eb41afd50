/** A client without its network for 30 s: its items are long back in the queue, nothing it did is lost or done twice. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeGlobalId } from '../../schema/relay/global-id.ts'
import { openProxy } from '../helpers/cut-proxy.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'
import { auditRun, figure } from '../helpers/fault-lab.ts'
import { root, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

async function progressOf(name: string): Promise<{ succeeded: number; queued: number }> {
  const { rows } = await t.db.pool.query<{ succeeded: number; queued: number }>(
    'SELECT r.succeeded, r.queued FROM run r JOIN experiment e ON e.id = r.experiment_id WHERE e.name = $1',
    [name],
  )
  return rows[0] ?? { succeeded: 0, queued: 0 }
}

test('a client whose network is away for 30 s loses nothing', async () => {
  const size = 3_000
  const server = await spawnServer([], { env: { DATABASE_URL: t.db.url } })
  const proxy = await openProxy(new URL(server.url))
  const name = 'offline'
  const program = join(root, 'test/client/program.ts')
  const client = spawnNode([program, proxy.url, name, 'a run', String(size), '20'])
  await expect.poll(async () => (await progressOf(name)).succeeded, { timeout: 30_000 }).toBeGreaterThan(300)
  proxy.cut()
  const startedAt = performance.now()
  await expect.poll(() => proxy.refused, { timeout: 20_000 }).toBeGreaterThan(2)
  const before = await progressOf(name)
  await setTimeout(30_000 - (performance.now() - startedAt))
  const during = await progressOf(name)
  proxy.restore()
  const [, json = ''] = await client.says(/^result (.*)$/m)
  const { runId, items, executed, sum } = JSON.parse(json) as Record<string, number> & { runId: string }
  const audit = await auditRun(t, decodeGlobalId(runId).id)
  figure(
    `30 s without a network: ${before.succeeded} results before, ${during.succeeded} at its end, ${items} in the end; ` +
      `${(executed ?? 0) - size} calls made twice`,
  )
  expect(during.succeeded).toBe(before.succeeded)
  // The lease of 15 s has expired meanwhile.
  expect(during.queued).toBe(size - during.succeeded)
  expect({ items, executed, sum }).toEqual({ items: size, executed: size, sum: size * (size - 1) })
  expect(audit).toMatchObject({ succeeded: size, scores: size, summarized: size, run: { status: 'COMPLETED' } })
})
