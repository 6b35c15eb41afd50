/** 2,000 subscriptions of one document on 20 sockets, beside a run, cost its other clients little; more are refused. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { figure, residentMb } from '../helpers/fault-lab.ts'
import { root, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

const maxRatio = 3
const maxMoreMb = 150
const probeMs = 6_000

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

const p95 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN

test('2,000 subscriptions on 20 sockets beside a run leave queries within 3 times of idle', async () => {
  const { key } = await createApiKey(t.db, t.scope, { name: 'k', role: 'WRITE' })
  const config = join(root, 'test/helpers/fast-tasks.config.ts')
  const env = { DATABASE_URL: t.db.url, NODE_OPTIONS: '--max-old-space-size=512' }
  const server = await spawnServer(['--log-level', 'error', '--config', config], { env })
  const pid = server.process.pid as number
  const queries = async (): Promise<number> => {
    const probe = spawnNode([join(root, 'test/hostile/probe.ts'), server.url, key, String(probeMs)])
    return p95(JSON.parse((await probe.says(/^\{.*\}$/m))[0]).queries)
  }
  const datasetId = await seedDataset(t, [...Array(20_000).keys()])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'wait200' }, { concurrency: 50 })
  const run = async () => encodeGlobalId('Run', (await startRun(t.services, t.scope, { experimentId })).id)
  const follow = (runId: string, sockets: number) =>
    spawnNode([join(root, 'test/hostile/subscribers.ts'), server.url, key, runId, String(sockets), '100'])
  await queries()
  const idle = await queries()
  const before = residentMb(pid)
  const runId = await run()
  const subscribers = follow(runId, 20)
  const [, refused] = await subscribers.says(/^following (.*)$/m)
  const beside = await queries()
  // What setting them up has left behind is collected first.
  let after = residentMb(pid)
  const lowest = () => {
    after = Math.min(after, residentMb(pid))
    return after
  }
  await expect
    .poll(lowest, { timeout: 30_000, interval: 500 })
    .toBeLessThan(before + maxMoreMb)
    .catch(() => {})
  figure(
    `2,000 subscriptions: queries p95 ${beside.toFixed(1)} ms, idle ${idle.toFixed(1)} ms; ${before.toFixed(0)} → ${after.toFixed(0)} MB`,
  )
  expect(refused).toBe('')
  expect(beside).toBeLessThanOrEqual(maxRatio * idle)
  expect(after - before).toBeLessThan(maxMoreMb)

  const [, beyond] = await follow(runId, 6).says(/^following (.*)$/m)
  expect(beyond).toContain('at most 2,500 subscriptions')
})
