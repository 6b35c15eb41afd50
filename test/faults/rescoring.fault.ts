/**
 * kill -9 of workers and of PostgreSQL while the outputs of a run are scored again: no score is lost or recorded twice,
 * none of the old version is left among them, and no task is called.
 */
import { expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { createEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { rescoreRuns } from '../../src/engine/runs/rescore-runs.ts'
import { createTestEngine } from '../helpers/engine.ts'
import { auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'
import { makeDirectory, spawnHolder, started } from '../helpers/spawn-holder.ts'

const size = 10_000

test('kills while 10,000 outputs are scored again lose and double no score, and call no task', async () => {
  const dataDir = `${await makeDirectory()}/data`
  let holder = await spawnHolder(dataDir)
  const { url } = started(holder)
  await migrate(url)
  await using t = await createTestEngine({}, { url, drop: async () => {} })
  const endpoint = await spawnEndpoint()
  let worker = await spawnWorker(url, 100)
  const definition = (maxMs: number) => ({ kind: 'builtin', type: 'latency', maxMs })
  const { id } = await createEvaluator(t.services, t.scope, { name: 'fast', definition: definition(60_000) })
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer', settings: { concurrency: 100 } })
  const state = () => t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
  await expect.poll(async () => (await state()).status, { timeout: 120_000, interval: 200 }).toBe('COMPLETED')
  const calls = (await endpoint.calls()).length

  const kills = {
    async worker() {
      worker.process.kill('SIGKILL')
      await worker.exited
      worker = await spawnWorker(url, 100)
    },
    async PostgreSQL() {
      const { pid } = started(holder)
      await holder.end('SIGKILL')
      process.kill(pid, 'SIGQUIT')
      holder = await spawnHolder(dataDir)
    },
  }
  const order = [...Object.entries(kills), ...Object.entries(kills)]
  for (const [index, [name, kill]] of order.entries()) {
    // Each time another version: its scores differ from those of the one before.
    await updateEvaluator(t.services, t.scope, { id, definition: definition(index % 2 === 0 ? 0.001 : 60_000) })
    await rescoreRuns(t.services, t.scope, { runIds: [runId], evaluatorIds: [id] })
    const progress = async () =>
      (await state().catch(() => null))?.rescoring as { opened: number; status: string } | null
    await expect
      .poll(async () => (await progress())?.opened ?? 0, { timeout: 60_000, interval: 10 })
      .toBeGreaterThan(500)
    await kill()
    const killed = await progress()
    figure(`${name} killed with ${killed?.opened} of ${size} opened`)
    expect(killed, `it must outlast the kill of ${name}`).toMatchObject({ status: 'RUNNING' })
    await expect.poll(async () => (await progress())?.status, { timeout: 60_000, interval: 100 }).toBe('COMPLETED')

    const audit = await auditRun(t, runId)
    expect(audit).toMatchObject({ succeeded: size, scores: size, scored: size, summarized: size, leased: 0 })
    expect(audit.run).toMatchObject({ status: 'COMPLETED', evaluationsQueued: 0, evaluationsRunning: 0 })
    const versions = await t.db.prisma.score.groupBy({
      by: ['evaluatorVersionId', 'value'],
      where: { runId },
      _count: true,
    })
    expect(versions).toEqual([expect.objectContaining({ _count: size, value: index % 2 === 0 ? 0 : 1 })])
    expect(await t.db.prisma.formerScore.count({ where: { runId } })).toBe((index + 1) * size)
    expect(await t.db.prisma.openEvaluation.count()).toBe(0)
  }
  expect(await endpoint.calls()).toHaveLength(calls)
}, 400_000)
