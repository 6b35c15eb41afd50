/** Clients without their network, also for longer than their items are kept: nothing they did is lost or done twice. */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeGlobalId } from '../../schema/relay/global-id.ts'
import { openProxy } from '../helpers/cut-proxy.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'
import { auditRun, figure } from '../helpers/fault-lab.ts'
import { root, type Spawned, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const size = 3_000

async function succeeded(name: string): Promise<number> {
  const { rows } = await t.db.pool.query<{ succeeded: number }>(
    'SELECT r.succeeded FROM run r JOIN experiment e ON e.id = r.experiment_id WHERE e.name = $1',
    [name],
  )
  return rows[0]?.succeeded ?? 0
}

/** Starts a client, and cuts its network off when 300 items have succeeded. */
async function cutOff(url: string, name: string) {
  const proxy = await openProxy(new URL(url))
  const client = spawnNode([join(root, 'test/client/program.ts'), proxy.url, name, 'a run', String(size), '20'])
  await expect.poll(() => succeeded(name), { timeout: 60_000 }).toBeGreaterThan(300)
  proxy.cut()
  return { proxy, client }
}

async function expireLanes(name: string): Promise<void> {
  await t.db.pool.query(
    `UPDATE run_lane l SET expires_at = now() - interval '1 s'
     FROM run r JOIN experiment e ON e.id = r.experiment_id WHERE r.id = l.run_id AND e.name = $1`,
    [name],
  )
}

async function expectAll(name: string, client: Spawned): Promise<string> {
  const [, json = ''] = await client.says(/^result (.*)$/m)
  const { runId, items, executed, sum } = JSON.parse(json) as Record<string, number> & { runId: string }
  const audit = await auditRun(t, decodeGlobalId(runId).id)
  expect({ name, items, executed, sum }).toEqual({ name, items: size, executed: size, sum: size * (size - 1) })
  expect(audit).toMatchObject({ succeeded: size, scores: size, summarized: size, run: { status: 'COMPLETED' } })
  return `${name}: ${items} results, ${(executed ?? 0) - size} calls made twice`
}

async function isAway(url: string, seconds: number): Promise<string> {
  const name = `${seconds} s without a network`
  const { proxy, client } = await cutOff(url, name)
  await expect.poll(() => proxy.refused, { timeout: 20_000 }).toBeGreaterThan(0)
  await setTimeout(1_000 * seconds)
  proxy.restore()
  return expectAll(name, client)
}

async function isCutAgainAndAgain(url: string): Promise<string> {
  const name = 'cut again and again'
  const { proxy, client } = await cutOff(url, name)
  for (let cuts = 0; cuts < 20; cuts += 1) {
    proxy.restore()
    await setTimeout(100 + 17 * cuts)
    proxy.cut()
    if (cuts % 5 === 0) await expireLanes(name)
    await setTimeout(200)
  }
  proxy.restore()
  return expectAll(name, client)
}

test('clients whose network is away for 3 to 40 s, or cut again and again, lose nothing', async () => {
  const { url } = await spawnServer([], { env: { DATABASE_URL: t.db.url } })
  // The lease of 15 s has expired in the longer ones, and the items are back in the queue.
  const away = [3, 14, 16, 22, 30, 40].map((seconds) => isAway(url, seconds))
  for (const line of await Promise.all([...away, isCutAgainAndAgain(url)])) figure(line)
})
