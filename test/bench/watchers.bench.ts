/**
 * Measures `assay serve` as it is shipped with many subscribers, who are in other processes and do not parse: what a
 * delivery costs as a ratio to `ws.send` of a ready buffer of its size, what subscribers cost a run, how old changes are
 * that a bulk writer makes, memory, and queries beside 10,000 subscriptions. Exits with status 1 when a figure misses its
 * bound. `node test/bench/watchers.bench.ts [part …]`: fanout, bulk, large, many; default: all. Linux only.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedRuns } from './comparison-data.ts'
import { seedBench, startBench } from './harness.ts'
import { Program } from './programs.ts'
import { cpuMsOf, ownMb, serve } from './served.ts'
import type { Watched, WatchersOptions } from './watchers-process.ts'

const chosen = process.argv.slice(2)
await using bench = await startBench([])
const { db, services, scope } = bench
let missed = 0
function check(what: string, ok: boolean): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}

const items = `subscription ($id: ID!) {
  runFeed(runId: $id, until: NEVER) {
    cursor done run { status progress { succeeded } } items { id status output latencyMs scores { name value label } }
  }
}`
const progress =
  'subscription ($id: ID!) { runFeed(runId: $id, until: NEVER) { cursor run { progress { succeeded } } } }'

const percentile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN

const now = () => performance.timeOrigin + performance.now()

/** Starts subscribers. @returns their program, once each has had something */
async function watch(options: WatchersOptions): Promise<Program> {
  const program = new Program('watchers-process.ts', [JSON.stringify(options)])
  await program.line()
  return program
}

const report = async (program: Program) => JSON.parse(await program.ask('')) as Watched

/** Waits until a run has ended. @returns how long it executed, in seconds */
async function secondsOf(runId: string): Promise<number> {
  for (;;) {
    const { startedAt, finishedAt } = await db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
    if (startedAt && finishedAt) return (Number(finishedAt) - Number(startedAt)) / 1_000
    await delay(200)
  }
}

/** About 1,000 items a second. */
const thousandASecond = { ...defaultRunSettings, concurrency: 200 }

async function fanOut(): Promise<void> {
  await using server = await serve(bench.url, ['--slots', '250'])
  const seconds = 10
  const start = async () => {
    const experimentId = await seedBench(bench, 1_000 * seconds, 'wait200', thousandASecond)
    return (await startRun(services, scope, { experimentId })).id
  }
  await secondsOf(await start())
  const alone = await secondsOf(await start())
  // All follow it from its beginning.
  const runId = await start()
  const variables = { id: encodeGlobalId('Run', runId) }
  await using watchers = await watch({ url: server.url, sockets: 1_000, perSocket: 1, query: items, variables })
  // What they missed until the last of them had connected is a replay.
  await report(watchers)
  const [cpu, from] = [cpuMsOf(server.pid), now()]
  const beside = await secondsOf(runId)
  const { messages, bytes } = await report(watchers)
  const usPerMessage = ((cpuMsOf(server.pid) - cpu) * 1_000) / messages
  const size = Math.round(bytes / messages)

  await using sender = new Program('ready-sender.ts')
  const url = await sender.line()
  await using receivers = await watch({ url, sockets: 1_000, perSocket: 1, query: items, variables })
  const rounds = Math.round(messages / 1_000)
  const everyMs = Math.max(1, (now() - from) / rounds / 2)
  const ready = Number(await sender.ask(JSON.stringify([size, rounds, everyMs])))
  await report(receivers)
  check(
    `1,000 subscribers at 1,000 items/s: ${messages} messages of ${size} bytes, ${usPerMessage.toFixed(1)} µs of the server ` +
      `each, ws.send ${ready.toFixed(1)} µs: ${(usPerMessage / ready).toFixed(2)} (at most 1.5)`,
    usPerMessage <= 1.5 * ready,
  )
  check(
    `the run took ${beside.toFixed(1)} s, without them ${alone.toFixed(1)} s: ${(beside / alone).toFixed(2)} (at most 1.1)`,
    beside <= 1.1 * alone,
  )
}

async function bulk(): Promise<void> {
  await using server = await serve(bench.url, ['--no-worker'])
  // Until it has given back what loading its code left, which stops it once for a moment.
  await delay(3_000)
  const size = 20_000
  const { runIds } = await seedRuns(db.pool, size, 1)
  const [runId = ''] = runIds
  await db.pool.query(`UPDATE run SET status = 'RUNNING', finished_at = NULL WHERE id = $1`, [runId])
  const after = await bench.feeds.cursorOf(await db.prisma.run.findUniqueOrThrow({ where: { id: runId } }))
  const query = items.replace('$id: ID!', '$id: ID!, $after: String').replace('runId: $id', 'runId: $id, after: $after')
  const variables = { id: encodeGlobalId('Run', runId), after }
  const one = { url: server.url, perSocket: 1, query, variables, cursors: true }
  await using watchers = await watch({ ...one, sockets: 99 })
  // Every message is written to all sockets together; when, is seen by one that does not wait for the processor.
  await using prompt = await watch({ ...one, sockets: 1, isPrompt: true })
  await report(watchers)
  await report(prompt)
  const before = ownMb(server.pid)
  const writer = await db.pool.connect()
  const commits: [seq: number, at: number][] = []
  let peakMb = 0
  const perBatch = 100
  const batches = 1_300
  /** While V8 compiles what no change before has executed, about 3 s. */
  const unmeasured = 300
  const startedAt = performance.now()
  for (let batch = 0; batch < batches; batch += 1) {
    const { rows } = await writer.query<{ seq: number }>(
      `WITH run AS (
         UPDATE run SET seq = seq + $3 WHERE id = $1 RETURNING id, seq
       ), changed AS (
         UPDATE run_item i SET seq = run.seq - $3 + 1 + i.ordinal % $3::int FROM run
         WHERE i.run_id = run.id AND i.ordinal >= $2 AND i.ordinal < $2 + $3
       )
       SELECT seq, pg_notify('assay_run', id || ':' || seq) FROM run`,
      [runId, (batch * perBatch) % size, perBatch],
    )
    commits.push([rows[0]?.seq ?? 0, now()])
    if (batch % 50 === 0) peakMb = Math.max(peakMb, ownMb(server.pid))
    const aheadMs = (batch + 1) * 10 - (performance.now() - startedAt)
    if (aheadMs > 1) await delay(aheadMs)
  }
  const rate = (perBatch * batches) / ((performance.now() - startedAt) / 1_000)
  writer.release()
  const last = commits.at(-1)?.[0] ?? 0
  const written: Watched['reached'] = []
  let [messages, bytes, complete] = [0, 0, 0]
  // Late is not lost.
  for (const until = now() + 30_000; complete < 100 && now() < until; ) {
    await delay(500)
    const [all, first] = [await report(watchers), await report(prompt)]
    written.push(...first.reached)
    messages += all.messages
    bytes += all.bytes
    complete += [...all.reached, ...first.reached].filter(([position]) => position === last).length
  }
  // Each change is as old as the first message with its position or a later one.
  const everyAge: number[] = []
  let next = 0
  for (const [seq, at] of commits) {
    while (next < written.length && (written[next]?.[0] ?? 0) < seq) next += 1
    everyAge.push(Math.max(0, (written[next]?.[1] ?? now()) - at))
  }
  const [cold, ages] = [everyAge.slice(0, unmeasured), everyAge.slice(unmeasured)]
  check(
    `a bulk writer with ${rate.toFixed(0)} changes/s to 100 subscribers: all have the last, ${complete} (100)`,
    complete === 100 && rate > 9_000,
  )
  const p99 = percentile(ages, 0.99)
  const each = `${messages} messages of ${Math.round(bytes / messages)} bytes`
  const p50 = percentile(ages, 0.5)
  check(
    `age of a change when it is written p99 ${p99.toFixed(0)} ms (at most 100), p50 ${p50.toFixed(0)} ms, ${each}; ` +
      `in the first ${unmeasured / 100} s of a server that has had no changes before p99 ${percentile(cold, 0.99).toFixed(0)} ms`,
    p99 <= 100,
  )
  check(
    `own memory of the server at most ${peakMb.toFixed(0)} MB (less than 200), before ${before.toFixed(0)} MB`,
    peakMb < 200,
  )
}

async function large(): Promise<void> {
  await using server = await serve(bench.url, ['--slots', '250'])
  const experimentId = await seedBench(bench, 3_000, 'wait200', thousandASecond)
  await db.pool.query(
    `UPDATE dataset_item_revision r SET input = to_jsonb(repeat('It is 5 KB. ', 420)) FROM experiment e
     WHERE e.id = $1 AND r.dataset_id = e.dataset_id`,
    [experimentId],
  )
  const before = ownMb(server.pid)
  const { id: runId } = await startRun(services, scope, { experimentId })
  let peakMb = 0
  const sample = setInterval(() => {
    peakMb = Math.max(peakMb, ownMb(server.pid))
  }, 50)
  const variables = { id: encodeGlobalId('Run', runId) }
  await using watchers = await watch({ url: server.url, sockets: 500, perSocket: 1, query: items, variables })
  await secondsOf(runId)
  await delay(2_000)
  clearInterval(sample)
  const { bytes } = await report(watchers)
  check(
    `500 subscribers of items of 5 KB, ${(bytes / 1e6).toFixed(0)} MB sent: the server had at most ${peakMb.toFixed(0)} MB (less than 300), ` +
      `before ${before.toFixed(0)} MB`,
    peakMb < 300,
  )
}

/** The query of a list, one after the other for some seconds. @returns their p95, in milliseconds */
async function queries(url: string, key: string, seconds: number): Promise<number> {
  const times: number[] = []
  const until = performance.now() + seconds * 1_000
  while (performance.now() < until) {
    const startedAt = performance.now()
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: '{ runs(first: 20) { nodes { id name status progress { succeeded } } } }' }),
    })
    const { errors } = (await response.json()) as { errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    times.push(performance.now() - startedAt)
    await delay(10)
  }
  return percentile(times, 0.95)
}

async function many(): Promise<void> {
  const keys: string[] = []
  for (let n = 0; n < 5; n += 1) keys.push((await createApiKey(db, scope, { name: `k${n}`, role: 'WRITE' })).key)
  await using server = await serve(bench.url, ['--slots', '250'])
  const [key = ''] = keys
  await queries(server.url, key, 2)
  const idle = await queries(server.url, key, 5)
  const before = ownMb(server.pid)
  const experimentId = await seedBench(bench, 30_000, 'wait200', thousandASecond)
  const { id: runId } = await startRun(services, scope, { experimentId })
  const variables = { id: encodeGlobalId('Run', runId) }
  await using _watchers = await watch({
    url: server.url,
    sockets: 100,
    perSocket: 100,
    query: progress,
    variables,
    keys,
  })
  let peakMb = 0
  const sample = setInterval(() => {
    peakMb = Math.max(peakMb, ownMb(server.pid))
  }, 50)
  const beside = await queries(server.url, key, 6)
  clearInterval(sample)
  check(
    `10,000 subscriptions on 100 sockets beside a run: queries p95 ${beside.toFixed(1)} ms, idle ${idle.toFixed(1)} ms: ` +
      `${(beside / idle).toFixed(2)} (at most 2)`,
    beside <= 2 * idle,
  )
  check(
    `own memory of the server at most ${peakMb.toFixed(0)} MB (less than 300), before ${before.toFixed(0)} MB`,
    peakMb < 300,
  )
}

const parts: Record<string, () => Promise<void>> = { fanout: fanOut, bulk, large, many }
for (const [name, part] of Object.entries(parts)) if (chosen.length === 0 || chosen.includes(name)) await part()
process.exitCode = missed > 0 ? 1 : 0
