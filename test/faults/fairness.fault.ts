/** A small run that starts while a large one uses all slots. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import { cancelRun } from '../../src/engine/runs/cancel-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, figure, spawnWorker } from '../helpers/fault-lab.ts'
import { root } from '../helpers/spawn-assay.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
const rounds = 7

/** From its start to its end by the database's clock, in milliseconds. */
async function duration(experimentId: string): Promise<number> {
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { run } = await followRun(t, id)
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 20 })
  return Number(run.finishedAt) - Number(run.createdAt)
}

async function durations(experimentId: string): Promise<{ median: number; worst: number }> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) all.push(await duration(experimentId))
  all.sort((a, b) => a - b)
  return { median: all[rounds >> 1] ?? Number.NaN, worst: all.at(-1) ?? Number.NaN }
}

test.each([
  ['wait200', 'whose calls take 200 ms and use every slot', 1_000],
  ['echo', 'whose calls cost nothing, so that the process is never idle', 50],
])('20 items beside 50,000 (%s), %s, take at most 3 times as long as alone', async (name, _what, concurrency) => {
  const task: TaskSpec = { kind: 'module', name }
  const config = join(root, 'test/helpers/fast-tasks.config.ts')
  await spawnWorker(t.db.url, 200, ['--config', config])
  const small = await seedExperiment(t, await seedDataset(t, numbers(20)), task)
  const large = await seedExperiment(t, await seedDataset(t, numbers(50_000)), task, { concurrency })
  await durations(small)
  const alone = await durations(small)

  const { id } = await startRun(t.services, t.scope, { experimentId: large })
  const progress = async () => (await t.db.prisma.run.findUniqueOrThrow({ where: { id } })).succeeded
  await expect.poll(progress, { timeout: 20_000 }).toBeGreaterThan(300)
  const beside = await durations(small)
  const finished = await progress()
  await cancelRun(t.services, t.scope, id).catch(() => {})
  figure(
    `${name}: 20 items alone ${alone.median} ms (worst of ${rounds}: ${alone.worst}), beside 50,000 ${beside.median} ms ` +
      `(worst: ${beside.worst}), ${(beside.median / alone.median).toFixed(2)} times; the large run had finished ${finished} by then`,
  )
  expect(finished, 'the large run must outlast the small ones').toBeLessThan(50_000)
  expect(beside.median).toBeLessThanOrEqual(3 * alone.median)
})
