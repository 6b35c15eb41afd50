/**
 * Measures `assay serve` as it is shipped, with durability, scores and a subscriber, against raw batched SQL that inserts
 * the same rows. The task is an echo, so that the figures are those of the engine; beside it the same as a function of a
 * config, where each item goes to a function host and back. CPU time and memory are those of all processes together.
 * `npm run bench`, or with other numbers of items: `npm run bench -- 10000 20000`. Exits with status 1 when a figure misses
 * its bound.
 */
import { cpus } from 'node:os'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createEvaluator, updateEvaluator } from '../../src/engine/evaluators.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedBench, startBench } from './harness.ts'
import { RunPageQueries } from './queries.ts'
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
const seed = (size: number, task: string | TaskSpec) => seedBench(bench, size, task, settings)
const echo: TaskSpec = { kind: 'echo', outputPath: null }
/** The function of that name. */
const echoFunction = 'echo'

function run(experimentId: string, onStarted?: (runId: string) => void): Promise<Measured> {
  return served.measure(async () => {
    const { id } = await startRun(bench.services, bench.scope, { experimentId })
    onStarted?.(id)
    return id
  })
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}, PostgreSQL durable\n`,
)

// Warm-up: opens all connections, and lasts until V8 has compiled what it compiles late (after about 100,000 items).
for (const task of [echo, echoFunction]) {
  await run(await seed(small, task))
  await run(await seed(large, task))
}

/** Executes a run of `size` echo items and then inserts the same rows by raw SQL, so that both see the same noise. */
async function compare(size: number) {
  const measured = await run(await seed(size, echo))
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

/** Executes a run of the function right after one of the builtin. */
async function compareFunction() {
  const { cpuMs } = await run(await seed(small, echoFunction))
  functions.push({ cpu: cpuMs / small, more: cpuMs / small - (smalls.at(-1)?.cpu ?? Number.NaN) })
}

type Compared = Awaited<ReturnType<typeof compare>>

function median<One>(compared: One[], of: (one: One) => number): number {
  const values = compared.map(of).sort((a, b) => a - b)
  const [below = Number.NaN, above = below] = values.slice((values.length - 1) >> 1, (values.length >> 1) + 1)
  return (below + above) / 2
}

// Before, between and after the large runs, so that a noisy moment does not look like growth.
const smalls: Compared[] = []
const larges: Compared[] = []
const functions: { cpu: number; more: number }[] = []
for (let round = 0; round < 2; round += 1) {
  for (let n = 0; n < 2; n += 1) {
    smalls.push(await compare(small))
    await compareFunction()
  }
  larges.push(await compare(large))
}
smalls.push(await compare(small))
await compareFunction()
console.log()
for (const [size, compared, least] of [
  [small, smalls, 0.8],
  [large, larges, 0.9],
] as const) {
  const ratio = median(compared, (one) => one.ratio)
  const cpu = median(compared, (one) => one.cpu)
  check(`${size} items: ratio to raw SQL ${ratio.toFixed(2)} (at least ${least})`, ratio >= least)
  check(`${size} items: CPU ${cpu.toFixed(3)} ms/item (at most 0.050)`, cpu <= 0.05)
}
const functionCpu = median(functions, (one) => one.cpu)
const more = median(functions, (one) => one.more)
check(
  `${small} items, by a function host: CPU ${functionCpu.toFixed(3)} ms/item, ${more.toFixed(3)} more (at most 0.020)`,
  more <= 0.02,
)
const perItem = (compared: Compared[]) => median(compared, (one) => one.perItem)
const growth = perItem(larges) / perItem(smalls)
check(`cost per item at ${large} / at ${small}: ${growth.toFixed(2)} (at most 1.15)`, growth <= 1.15)
const peak = median(larges, (one) => one.peakMb) - median(smalls, (one) => one.peakMb)
check(`resident memory at ${large} - at ${small}: ${peak.toFixed(0)} MB (below 100)`, peak < 100)

// A function that scores, too: two calls of functions an item.
await updateEvaluator(bench.services, bench.scope, { id: exact.id, active: false })
const same = await createEvaluator(bench.services, bench.scope, {
  name: 'same',
  definition: { kind: 'module', module: 'same' },
})
await run(await seed(small, echoFunction))
const scored = [await run(await seed(small, echoFunction)), await run(await seed(small, echoFunction))]
const scoredCpu = Math.min(...scored.map(({ cpuMs }) => cpuMs)) / small
console.log(
  `${small} items scored by a function: CPU ${scoredCpu.toFixed(3)} ms/item, by a builtin ${functionCpu.toFixed(3)}`,
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

const idleRun = encodeGlobalId('Run', smalls[0]?.runId ?? '')
const pages = new RunPageQueries(url)
// Compiles what the page needs: the quantile below is that of a warm server.
await pages.queryFor(idleRun, 3)
const idle = await pages.queryFor(idleRun, 3)
let begun = Promise.resolve()
await run(await seed(large / 2, echoFunction), (runId) => {
  begun = pages.begin(encodeGlobalId('Run', runId))
})
await begun
const { p95, queries } = await pages.end()
check(
  `run page p95 while a run executes ${p95.toFixed(1)} ms (${queries} queries), idle ${idle.p95.toFixed(1)} ms: ${(p95 / idle.p95).toFixed(1)} times (at most 2.3)`,
  p95 <= 2.3 * idle.p95,
)

await pages[Symbol.asyncDispose]()
await served[Symbol.asyncDispose]()
await bench[Symbol.asyncDispose]()
process.exitCode = missed > 0 ? 1 : 0
