/**
 * Server, worker and functions in one process, for benchmarks that compare the engine itself with something else. Forked by
 * the benchmark with `--expose-gc`; its database is DATABASE_URL.
 */
import { pino } from 'pino'
import { openDatabase } from '../../src/db/client.ts'
import { Listener } from '../../src/db/listener.ts'
import { openQueue } from '../../src/db/queue.ts'
import { RunChanges } from '../../src/db/run-changes.ts'
import { ComparisonSequences } from '../../src/engine/comparison/sequences.ts'
import { Worker } from '../../src/engine/execution/worker.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import type { Services } from '../../src/engine/services.ts'
import { ComparisonFeeds } from '../../src/feed/comparison-feed.ts'
import { RunFeeds } from '../../src/feed/run-feed.ts'
import { startServer } from '../../src/server/start-server.ts'
import { openHttpClient } from '../../src/tasks/http-client.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { noTracing } from '../../src/telemetry/tracing.ts'
import { inThisProcess } from '../helpers/functions.ts'
import { testScope } from '../helpers/scope.ts'

/** The cost of one run. Memory: live after a garbage collection, and the resident peak. */
export interface Measured {
  runId: string
  seconds: number
  cpuMs: number
  aliveMb: number
  peakMb: number
  delivered: number
}

export type Said = { ready: string } | { started: string } | { measured: Measured }

const url = process.env.DATABASE_URL ?? ''
const db = openDatabase(url)
const log = pino({ level: 'warn' }, pino.destination(2))
const boss = await openQueue(db, (error) => log.warn({ err: error }))
const listener = await new Listener(url).start()
const functions = inThisProcess({ tasks: [{ name: 'echo', run: (input: unknown) => input }] })
const http = openHttpClient({ allowPrivate: true })
const metrics = new Metrics()
const services: Services = { db, boss, functions, http, secrets: null, env: {}, log, metrics, tracing: noTracing }
const changes = new RunChanges(listener, db.pool)
const feeds = new RunFeeds(db, changes)
const comparisons = new ComparisonFeeds(db, changes, new ComparisonSequences(db))
const worker = new Worker(services, listener).start()
const server = await startServer({ services, feeds, comparisons, listener, host: '127.0.0.1', port: 0 })
const { id: projectId } = await db.prisma.project.findFirstOrThrow()

/** Executes a run with one live subscriber. */
async function measure(experimentId: string): Promise<Measured> {
  const scope = await testScope(db, projectId)
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 100)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const { id } = await startRun(services, scope, { experimentId })
  say({ started: id })
  let delivered = 0
  for await (const batch of await feeds.subscribe(scope, id, null, new AbortController().signal)) {
    for (const item of batch.items) if (item.status === 'SUCCEEDED') delivered += 1
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(watch)
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const aliveMb = (heapUsed + external) / 2 ** 20
  return { runId: id, seconds, cpuMs: (user + system) / 1_000, aliveMb, peakMb: peak / 2 ** 20, delivered }
}

function say(said: Said): void {
  process.send?.(said)
}

process.on('message', async (asked: { run: string } | 'stop') => {
  if (asked !== 'stop') return say({ measured: await measure(asked.run) })
  await server.stop()
  await worker.stop()
  changes.stop()
  await http.close()
  await boss.stop({ graceful: false })
  await listener.close()
  await db.close()
  process.disconnect()
})
say({ ready: server.url })
