/**
 * Measures what sizing needs to know of `assay serve` as it is shipped: CPU of server, worker with its functions, and
 * PostgreSQL for each item, the disk that an item takes, and CPU of the server for subscribers. Prints a table; there is
 * no bound. `node test/bench/sizing.bench.ts`. Linux only.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedBench, startBench } from './harness.ts'
import { Program } from './programs.ts'
import { cpuMsOf, processesOf, serve } from './served.ts'
import type { Watched, WatchersOptions } from './watchers-process.ts'

const items = 20_000
const day = 24 * 60 * 60
await using bench = await startBench([])
const { db, services, scope } = bench
await using server = await serve(bench.url)

/** CPU milliseconds of all backends of the bench's PostgreSQL, those that have ended included. */
async function postgresCpuMs(): Promise<number> {
  const { rows } = await db.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${rows[0]?.pid}/status`, 'utf8'))?.[1])
  return processesOf(parent).reduce((sum, pid) => sum + cpuMsOf(pid), 0)
}

async function bytesStored(): Promise<number> {
  const { rows } = await db.pool.query<{ bytes: number }>(
    `SELECT sum(pg_total_relation_size(c.oid))::float8 AS bytes FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`,
  )
  return rows[0]?.bytes ?? 0
}

async function measureRun(outputBytes: number, subscribed: boolean) {
  const experimentId = await seedBench(bench, items, 'echo', { ...defaultRunSettings, concurrency: 50 })
  await db.pool.query(
    `UPDATE dataset_item_revision r SET input = to_jsonb(noise.text)
     FROM experiment e, (SELECT id, string_agg(md5(random()::text || id || n), '') AS text
       FROM dataset_item_revision, generate_series(1, $2 / 32) n GROUP BY id) noise
     WHERE e.id = $1 AND r.dataset_id = e.dataset_id AND noise.id = r.id`,
    [experimentId, outputBytes],
  )
  await db.pool.query('VACUUM (FULL, ANALYZE) dataset_item_revision')
  const before = {
    bytes: await bytesStored(),
    postgres: await postgresCpuMs(),
    server: cpuMsOf(server.pid),
    all: allCpuMs(),
  }
  const start = async () => (await startRun(services, scope, { experimentId })).id
  const seconds = subscribed ? (await server.measure(start)).seconds : await runAlone(start)
  const after = {
    bytes: await bytesStored(),
    postgres: await postgresCpuMs(),
    server: cpuMsOf(server.pid),
    all: allCpuMs(),
  }
  const each = (ms: number) => (ms * 1_000) / items
  const ofServer = each(after.server - before.server)
  const ofWorker = each(after.all - before.all) - ofServer
  const ofPostgres = each(after.postgres - before.postgres)
  const bytes = (after.bytes - before.bytes) / items
  const perDay = (us: number) => `${((day * 1e6) / us / 1e6).toFixed(0)} million a day`
  console.log(
    `outputs of ${outputBytes} bytes, one score${subscribed ? ', one subscriber' : ''}: ${(items / seconds).toFixed(0)} items/s; ` +
      `CPU of an item: server ${ofServer.toFixed(0)} µs, worker and functions ${ofWorker.toFixed(0)} µs, PostgreSQL ${ofPostgres.toFixed(0)} µs: ` +
      `a core does ${perDay(ofServer + ofWorker + ofPostgres)}; ${bytes.toFixed(0)} bytes on disk: ${(1e9 / bytes / 1e6).toFixed(2)} million in a GB`,
  )
}

const allCpuMs = () => processesOf(server.pid).reduce((sum, pid) => sum + cpuMsOf(pid), 0)

async function runAlone(start: () => Promise<string>): Promise<number> {
  const id = await start()
  for (;;) {
    const { startedAt, finishedAt } = await db.prisma.run.findUniqueOrThrow({ where: { id } })
    if (startedAt && finishedAt) return (Number(finishedAt) - Number(startedAt)) / 1_000
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function measureSubscribers(count: number) {
  const seconds = 10
  const settings = { ...defaultRunSettings, concurrency: 200 }
  const experimentId = await seedBench(bench, 1_000 * seconds, 'wait200', settings)
  const { id: runId } = await startRun(services, scope, { experimentId })
  const query = `subscription ($id: ID!) { runFeed(runId: $id, until: NEVER) {
    cursor done run { status progress { succeeded } } items { id status output latencyMs scores { name value label } } } }`
  const options: WatchersOptions = {
    url: server.url,
    sockets: count,
    perSocket: 1,
    query,
    variables: { id: encodeGlobalId('Run', runId) },
  }
  await using watchers = new Program('watchers-process.ts', [JSON.stringify(options)])
  await watchers.line()
  await watchers.ask('')
  const [cpu, at] = [cpuMsOf(server.pid), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const used = cpuMsOf(server.pid) - cpu
  const { messages } = JSON.parse(await watchers.ask('')) as Watched
  const share = used / (performance.now() - at)
  console.log(
    `${count} subscribers of a run at 1,000 items/s: ${(100 * share).toFixed(0)} % of a core, ${(messages / count / 5).toFixed(0)} messages a second each: ` +
      `about ${Math.round(count / share / 100) * 100} on a core`,
  )
}

await measureRun(1_024, false)
for (const bytes of [1_024, 10_240]) await measureRun(bytes, bytes === 1_024)
for (const count of [1, 100, 500]) await measureSubscribers(count)
console.log(`(${readdirSync('/sys/devices/system/cpu').filter((name) => /^cpu\d/.test(name)).length} cores)`)
