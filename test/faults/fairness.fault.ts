/** A small run that starts while a large one, or many of another project, use all slots. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import { cancelRun } from '../../src/engine/runs/cancel-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, figure, spawnWorker } from '../helpers/fault-lab.ts'
import { testScope } from '../helpers/scope.ts'
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

test('20 items beside 20 runs of another project, which use every slot and the process, take at most 3 times as long', async () => {
  const config = join(root, 'test/helpers/fast-tasks.config.ts')
  await spawnWorker(t.db.url, 200, ['--config', config])
  const small = await seedExperiment(t, await seedDataset(t, numbers(20)), { kind: 'module', name: 'wait200' })
  await durations(small)
  const alone = await durations(small)

  const other = await t.db.prisma.project.create({ data: { name: 'greedy' } })
  const theirs: TestEngine = { ...t, scope: await testScope(t.db, other.id) }
  const dataset = await seedDataset(theirs, numbers(20_000))
  const runIds: string[] = []
  for (let n = 0; n < 20; n += 1) {
    const task: TaskSpec = { kind: 'module', name: n % 2 === 0 ? 'wait200' : 'echo' }
    const experimentId = await seedExperiment(theirs, dataset, task, { concurrency: 200 })
    runIds.push((await startRun(t.services, theirs.scope, { experimentId })).id)
  }
  const progress = () => t.db.prisma.run.findMany({ where: { id: { in: runIds } } })
  await expect.poll(async () => (await progress()).every((run) => run.succeeded > 0), { timeout: 60_000 }).toBe(true)
  const beside = await durations(small)
  const unfinished = (await progress()).filter((run) => run.finishedAt === null).length
  for (const id of runIds) await cancelRun(t.services, theirs.scope, id).catch(() => {})
  figure(
    `20 items alone ${alone.median} ms (worst of ${rounds}: ${alone.worst}), beside 20 runs of another project ` +
      `${beside.median} ms (worst: ${beside.worst}), ${(beside.median / alone.median).toFixed(2)} times; ${unfinished} of them were unfinished then`,
  )
  expect(unfinished, 'most of them must outlast the small ones').toBeGreaterThan(10)
  expect(beside.median).toBeLessThanOrEqual(3 * alone.median)
})
