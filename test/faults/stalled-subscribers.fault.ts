/** Subscribers that stop reading must not delay the others, nor grow the memory of the server. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, figure, residentMb, spawnWorker } from '../helpers/fault-lab.ts'
import { root, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

let t: TestEngine
let experimentId: string
const size = 600
const subscribers = 500

beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
  // Together larger than the buffers of a socket, so that the server notices a stalled reader.
  const inputs = Array.from({ length: size }, (_, n) => ({ n, text: 'What is left of it? '.repeat(250) }))
  const datasetId = await seedDataset(t, inputs)
  experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'wait200' }, { concurrency: 50 })
})
afterAll(() => t[Symbol.asyncDispose]())

/** A run with this many stalled subscribers. @returns the lag of the others, and the memory of the server */
async function follow(stalled: number) {
  const env = { DATABASE_URL: t.db.url }
  const server = await spawnServer(['--no-worker'], { env })
  const pid = server.process.pid as number
  const { id: runId } = await startRun(t.services, t.scope, { experimentId })
  const args = [server.url, encodeGlobalId('Run', runId), String(subscribers), String(stalled)]
  const clients = spawnNode([join(root, 'test/helpers/subscribers.ts'), ...args])
  let peakMb = 0
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(pid))
  }, 50)
  onTestFinished(() => clearInterval(watch))
  await clients.says(/following/)
  const worker = await spawnWorker(t.db.url, 50, ['--config', join(root, 'test/helpers/fast-tasks.config.ts')])
  const [line = ''] = await clients.says(/^\[.*\]$/m)
  clearInterval(watch)
  const { finishedAt } = await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
  const results = JSON.parse(line) as { doneAt: number; finals: number }[]
  const lags = results.map(({ doneAt }) => doneAt - Number(finishedAt)).sort((a, b) => a - b)
  for (const process of [worker, server]) process.process.kill('SIGTERM')
  await Promise.all([worker.exited, server.exited])
  expect(results).toHaveLength(subscribers - stalled)
  for (const { finals } of results) expect(finals).toBe(size)
  return {
    median: lags[lags.length >> 1] ?? Number.NaN,
    worst: lags.at(-1) ?? Number.NaN,
    peakMb,
  }
}

test('25 stalled subscribers of 500 neither delay the others nor grow the memory', async () => {
  // 500 subscribers saturate the server, so its lag varies: the better of two rounds each.
  const rounds: Record<'without' | 'beside', Awaited<ReturnType<typeof follow>>[]> = { without: [], beside: [] }
  for (let round = 0; round < 2; round += 1) {
    rounds.without.push(await follow(0))
    rounds.beside.push(await follow(25))
  }
  const best = (of: typeof rounds.without) => ({
    median: Math.min(...of.map((one) => one.median)),
    worst: Math.min(...of.map((one) => one.worst)),
    peakMb: Math.min(...of.map((one) => one.peakMb)),
  })
  const [without, beside] = [best(rounds.without), best(rounds.beside)]
  const summary = ({ median, worst, peakMb }: typeof without) =>
    `all had the end after ${median} ms (median), ${worst} ms (last), server at most ${peakMb.toFixed(0)} MB`
  figure(`${subscribers} subscribers: ${summary(without)}`)
  figure(`25 of them stalled: ${summary(beside)}`)
  expect(beside.worst).toBeLessThanOrEqual(1.5 * without.worst + 500)
  expect(beside.peakMb).toBeLessThanOrEqual(without.peakMb + 100)
})
