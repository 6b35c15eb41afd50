/**
 * Measures `assay serve` as it is shipped, with durability, scores and a subscriber, against raw batched SQL that inserts
 * the same rows. Its tasks are functions of a config, so that each item goes to a function host and back; CPU time and
 * memory are those of all its processes together. `npm run bench`, or with other numbers of items:
 * `npm run bench -- 10000 20000`. Exits with status 1 when a figure misses its bound.
 */
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedBench, startBench } from './harness.ts'
import { insertRaw } from './raw-insert.ts'
import { type Measured, serve } from './served.ts'

const sizes = process.argv.slice(2).map(Number)
const [small = 10_000, large = 100_000] = sizes

const bench = await startBench([])
const exact = await createEvaluator(bench.services, bench.scope, {
  name: 'exact',
  definition: { kind: 'builtin', type: 'jsonEquals', ignoreArrayOrder: false, outputPath: null, expectedPath: null },
})
const served = await serve(bench.url)
const { url } = served

let missed = 0
function check(what: string, ok: boolean): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}

console.log(`ready after ${(served.readyMs / 1_000).toFixed(1)} s, with a database that runs already`)
const settings = { ...defaultRunSettings, concurrency: 50 }
const seed = (size: number, task: string) => seedBench(bench, size, task, settings)

function run(experimentId: string, onStarted?: (runId: string) => void): Promise<Measured> {
  return served.measure(async () => {
    const { id } = await startRun(bench.services, bench.scope, { experimentId })
    onStarted?.(id)
    return id
  })
}

/** The query of the run page. */
const page = `query ($id: ID!) {
  node(id: $id) {
    ... on Run {
      id name status createdAt progress { total queued running succeeded failed cancelled }
      stats { costUsd latencyMs { avg p50 p95 } scores { name count mean stddev missingCount } }
      items(first: 50) { nodes { id status output latencyMs scores { name value label } } pageInfo { hasNextPage endCursor } }
    }
  }
}`

/** p95 of the run page query in milliseconds, queried sequentially with short pauses until stopped. */
async function queryPage(runId: string, until: () => boolean): Promise<{ p95: number; queries: number }> {
  const times: number[] = []
  while (!until()) {
    const startedAt = performance.now()
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: page, variables: { id: encodeGlobalId('Run', runId) } }),
    })
    const { errors, data } = (await response.json()) as { errors?: unknown; data?: { node: unknown } }
    if (errors || !data?.node) throw new Error(JSON.stringify(errors ?? data))
    times.push(performance.now() - startedAt)
    await delay(5)
  }
  times.sort((a, b) => a - b)
  return { p95: times[Math.floor(times.length * 0.95)] ?? Number.NaN, queries: times.length }
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}, PostgreSQL durable\n`,
)

// Warm-up: compiles everything and opens all connections.
for (let round = 0; round < 2; round += 1) await run(await seed(small, 'echo'))

/** Executes a run of `size` echo items and then inserts the same rows by raw SQL, so that both see the same noise. */
async function compare(size: number) {
  const measured = await run(await seed(size, 'echo'))
  if (measured.delivered < size) throw new Error(`the subscriber got ${measured.delivered} of ${size} results`)
  const rate = size / measured.seconds
  const raw = await insertRaw(bench, measured.runId)
  const cpu = measured.cpuMs / size
  console.log(
    `${String(size).padStart(7)} items: engine ${rate.toFixed(0)}/s, raw SQL ${raw.toFixed(0)}/s, ratio ${(rate / raw).toFixed(2)}; ` +
      `CPU ${cpu.toFixed(3)} ms/item; ${measured.peakMb.toFixed(0)} MB resident at most`,
  )
  return { ...measured, ratio: rate / raw, cpu, perItem: 1 / rate }
}

type Compared = Awaited<ReturnType<typeof compare>>

function median(compared: Compared[], of: (one: Compared) => number): number {
  const values = compared.map(of).sort((a, b) => a - b)
  return values[values.length >> 1] ?? Number.NaN
}

// Before, between and after the large runs, so that a noisy moment does not look like growth.
const smalls: Compared[] = []
const larges: Compared[] = []
for (let round = 0; round < 2; round += 1) {
  for (let n = 0; n < 2; n += 1) smalls.push(await compare(small))
  larges.push(await compare(large))
}
smalls.push(await compare(small))
console.log()
for (const [size, compared] of [
  [small, smalls],
  [large, larges],
] as const) {
  const ratio = median(compared, (one) => one.ratio)
  const cpu = median(compared, (one) => one.cpu)
  check(`${size} items: ratio to raw SQL ${ratio.toFixed(2)} (at least 0.50)`, ratio >= 0.5)
  check(`${size} items: CPU ${cpu.toFixed(3)} ms/item (at most 0.300; aim 0.060)`, cpu <= 0.3)
}
const perItem = (compared: Compared[]) => median(compared, (one) => one.perItem)
const growth = perItem(larges) / perItem(smalls)
check(`cost per item at ${large} / at ${small}: ${growth.toFixed(2)} (at most 1.15)`, growth <= 1.15)
const peak = median(larges, (one) => one.peakMb) - median(smalls, (one) => one.peakMb)
check(`resident memory at ${large} - at ${small}: ${peak.toFixed(0)} MB (below 100)`, peak < 100)

// The same with a function that scores, too: two calls of functions an item.
await updateEvaluator(bench.services, bench.scope, { id: exact.id, active: false })
const same = await createEvaluator(bench.services, bench.scope, {
  name: 'same',
  definition: { kind: 'module', module: 'same' },
})
await run(await seed(small, 'echo'))
const functions = [await run(await seed(small, 'echo')), await run(await seed(small, 'echo'))]
const functionCpu = Math.min(...functions.map(({ cpuMs }) => cpuMs)) / small
const builtinCpu = median(smalls, (one) => one.cpu)
console.log(
  `${small} items scored by a function: CPU ${functionCpu.toFixed(3)} ms/item, by a builtin ${builtinCpu.toFixed(3)}`,
)
await updateEvaluator(bench.services, bench.scope, { id: same.current.evaluatorId, active: false })
await updateEvaluator(bench.services, bench.scope, { id: exact.id, active: true })

const slow = 4_000
const { seconds } = await run(await seed(slow, 'wait200'))
const ideal = (slow / settings.concurrency) * 0.2
check(
  `200 ms tasks at concurrency 50: ${((ideal / seconds) * 100).toFixed(1)} % of the ideal rate (at least 95)`,
  ideal / seconds >= 0.95,
)

const idleRun = smalls[0]?.runId ?? ''
const queryIdlePage = () => {
  const until = performance.now() + 3_000
  return queryPage(idleRun, () => performance.now() > until)
}
// Compiles what the page needs: the quantile below is that of a warm server.
await queryIdlePage()
const idle = await queryIdlePage()
let busy = Promise.resolve({ p95: Number.NaN, queries: 0 })
let over = false
await run(await seed(large / 2, 'echo'), (runId) => {
  busy = queryPage(runId, () => over)
})
over = true
const { p95, queries } = await busy
check(
  `run page p95 while a run executes ${p95.toFixed(1)} ms (${queries} queries), idle ${idle.p95.toFixed(1)} ms: ${(p95 / idle.p95).toFixed(1)} times (at most 2.3)`,
  p95 <= 2.3 * idle.p95,
)

await served[Symbol.asyncDispose]()
await bench[Symbol.asyncDispose]()
process.exitCode = missed > 0 ? 1 : 0
