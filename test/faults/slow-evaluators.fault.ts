/**
 * kill -9 of servers, workers, function hosts and PostgreSQL in a run whose judge is slow and sometimes answers 429: no
 * result and no score is lost or recorded twice, and evaluations that were not finished are.
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { createTestEngine } from '../helpers/engine.ts'
import { addEvaluator, auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'
import { makeTemporary, spawnServer } from '../helpers/spawn-assay.ts'
import { makeDirectory, spawnHolder, started } from '../helpers/spawn-holder.ts'

const size = 1_000

/** Longer than results wait for it; each process refuses the first call for every fiftieth item. */
const config = (endpoint: string) => `
import { defineConfig } from 'assay'
const refused = new Set()
export default defineConfig({
  evaluators: {
    judge: async ({ input }) => {
      if (input % 50 === 0 && !refused.has(input)) {
        refused.add(input)
        throw Object.assign(new Error('slow down'), { status: 429, headers: { 'retry-after': '0.2' } })
      }
      const body = JSON.stringify({ item: 'judge ' + input })
      await fetch('${endpoint}/answer?ms=' + (300 + Math.random() * 900), { method: 'POST', body })
      return input
    },
  },
})
`

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

test('kills of every kind of process under a slow judge lose and double no result and no score', async () => {
  const dataDir = `${await makeDirectory()}/data`
  let holder = await spawnHolder(dataDir)
  const { url } = started(holder)
  await migrate(url)
  await using t = await createTestEngine({}, { url, drop: async () => {} })
  const endpoint = await spawnEndpoint()
  const cwd = await makeTemporary()
  await writeFile(join(cwd, 'assay.config.ts'), config(endpoint.url))
  const args = ['--config', join(cwd, 'assay.config.ts')]
  const env = { DATABASE_URL: url, ASSAY_ALLOW_PRIVATE_ENDPOINTS: 'true' }
  let server = await spawnServer(args, { env })
  let worker = await spawnWorker(url, 60, args)

  await addEvaluator(t)
  await createEvaluator(t.services, t.scope, { name: 'judge', definition: { kind: 'module', module: 'judge' } })
  const settings = { concurrency: 80, timeoutMs: 1_000, maxAttempts: 10 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=50', settings })
  const state = () => t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
  const scored = async () => (await auditRun(t, runId).catch(() => null))?.scores ?? 0

  const kinds = {
    async server() {
      server.process.kill('SIGKILL')
      await server.exited
      server = await spawnServer(args, { env })
    },
    async worker() {
      worker.process.kill('SIGKILL')
      await worker.exited
      worker = await spawnWorker(url, 60, args)
    },
    async 'worker of the server'() {
      for (const pid of childrenOf(server.process.pid as number)) process.kill(pid, 'SIGKILL')
    },
    async hosts() {
      for (const pid of childrenOf(worker.process.pid as number)) process.kill(pid, 'SIGKILL')
    },
    async PostgreSQL() {
      const { pid } = started(holder)
      await holder.end('SIGKILL')
      process.kill(pid, 'SIGQUIT')
      holder = await spawnHolder(dataDir)
    },
  }
  const order = [...Object.entries(kinds), ...Object.entries(kinds).slice(2)]
  let unfinished = 0
  for (const [name, kill] of order) {
    const before = await scored()
    await expect.poll(scored, { timeout: 60_000, interval: 100 }).toBeGreaterThan(before)
    await delay(Math.random() * 1_500)
    const { evaluationsRunning, evaluationsQueued, succeeded } = await state()
    unfinished += evaluationsRunning + evaluationsQueued
    figure(`${name} killed with ${succeeded} results and ${evaluationsRunning} evaluations in progress`)
    await kill()
    expect((await state().catch(() => null))?.status, `the run must outlast the kill of ${name}`).not.toBe('COMPLETED')
  }
  await expect.poll(async () => (await state()).status, { timeout: 120_000, interval: 500 }).toBe('COMPLETED')

  const audit = await auditRun(t, runId)
  const calls = await endpoint.calls()
  const judgements = calls.filter(({ item }) => item.startsWith('judge'))
  const failed = await t.db.prisma.score.findMany({ where: { runId, value: null } })
  figure(
    `${order.length} kills with ${unfinished} evaluations open: ${audit.items} results, ${audit.scores} scores; ` +
      `${calls.length - judgements.length - size} extra calls of tasks, ${judgements.length - size} of the judge`,
  )
  expect(failed.map(({ error }) => error)).toEqual([])
  expect(audit).toMatchObject({ items: size, succeeded: size, scores: 2 * size, scored: size, summarized: 2 * size })
  expect(audit.run).toMatchObject({ succeeded: size, failed: 0, evaluationsQueued: 0, evaluationsRunning: 0 })
  expect(await t.db.prisma.openEvaluation.count()).toBe(0)
  const distinct = await t.db.prisma.score.groupBy({ by: ['ordinal', 'name'], where: { runId } })
  expect(distinct).toHaveLength(2 * size)
}, 400_000)
