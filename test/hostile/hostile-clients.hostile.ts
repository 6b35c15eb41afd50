/**
 * Every load of the list against a server with a heap of 512 MB: it lives, `/healthz` answers, another project's queries take no
 * more than three times what they take beside the same load on a server that does nothing, and its memory comes back.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { figure, residentMb } from '../helpers/fault-lab.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { root, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'
import { shapes } from './shapes.ts'

const loadMs = 4_000
const maxHealthMs = 250
const maxRatio = 3
const maxMemoryMb = 50

let t: TestEngine
let keys: { attacker: string; victim: string }
let runIds: string[]
let experimentId: string

beforeAll(async () => {
  t = await createTestEngine()
  const other = await t.db.prisma.project.create({ data: { name: 'other' } })
  await t.db.prisma.dataset.create({ data: { projectId: other.id, name: 'theirs', seed: 'seed' } })
  const key = async (projectId: string) =>
    (await createApiKey(t.db, { ...t.scope, projectId }, { name: 'k', role: 'WRITE' })).key
  keys = { attacker: await key(t.scope.projectId), victim: await key(other.id) }
  const count = 5_000
  const datasetId = await seedDataset(
    t,
    Array.from({ length: count }, (_, n) => `${n} ${'zqzq '.repeat(400)}`),
  )
  const executions = (shift: number) =>
    Array.from({ length: count }, (_, item) => ({
      item,
      output: `${item} ${'zqzq '.repeat(400)}`,
      latencyMs: item,
      scores: { correct: ((item + shift) % 7) / 7 },
    }))
  const large = await seedDataset(
    t,
    Array.from({ length: 60 }, (_, n) => n),
  )
  const largeExecutions = Array.from({ length: 20 }, (_, item) => ({ item, output: `${item}${'x'.repeat(9_900_000)}` }))
  const recorded = [
    await recordRun(t, datasetId, executions(0)),
    await recordRun(t, datasetId, executions(3)),
    await recordRun(t, large, largeExecutions),
  ]
  runIds = recorded.map((id) => encodeGlobalId('Run', id))
  const task: TaskSpec = { kind: 'module', name: 'none' }
  experimentId = encodeGlobalId('Experiment', await seedExperiment(t, datasetId, task))
})
afterAll(() => t[Symbol.asyncDispose]())

const percentile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN

/** What an honest client of another project sees beside a load. */
async function beside(url: string, shape: string): Promise<{ health: number; query: number }> {
  const probe = spawnNode([join(root, 'test/hostile/probe.ts'), url, keys.victim, String(loadMs)])
  await probe.says(/ready/)
  const signal = AbortSignal.timeout(loadMs)
  const load = shapes[shape]?.({ url, key: keys.attacker, runIds, experimentId, signal })
  const [line = ''] = await probe.says(/^\{.*\}$/m)
  await load
  const { health, queries } = JSON.parse(line) as { health: number[]; queries: number[] }
  return { health: percentile(health, 0.99), query: percentile(queries, 0.95) }
}

test.each(Object.keys(shapes))('%s: nobody else notices', async (shape) => {
  const env = { DATABASE_URL: t.db.url, NODE_OPTIONS: '--max-old-space-size=512' }
  const server = await spawnServer(['--log-level', 'error'], { env })
  const bare = spawnNode([join(root, 'test/hostile/bare-server.ts')])
  const [, bareUrl = ''] = await bare.says(/(http\S+) /)
  const pid = server.process.pid as number
  // What the load needs at all is there after a first round: code, connections, buffers.
  await beside(server.url, shape)
  const before = residentMb(pid)
  const reference = await beside(bareUrl, shape)
  const seen = await beside(server.url, shape)
  figure(
    `${shape}: health p99 ${seen.health.toFixed(0)} ms, queries p95 ${seen.query.toFixed(0)} ms (bare ${reference.query.toFixed(0)} ms), ${before.toFixed(0)} → ${residentMb(pid).toFixed(0)} MB`,
  )
  expect(server.process.exitCode).toBeNull()
  expect(seen.health).toBeLessThanOrEqual(maxHealthMs)
  expect(seen.query).toBeLessThanOrEqual(maxRatio * reference.query)
  await expect.poll(() => residentMb(pid), { timeout: 30_000, interval: 500 }).toBeLessThanOrEqual(before + maxMemoryMb)
})
