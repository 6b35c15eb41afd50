/**
 * Measures a comparison of three runs through HTTP and GraphQL against the bare SQL of the same data plus
 * JSON.stringify, alternating in one process, which is also the client: the first page of 100 rows with every cell, the
 * metrics, and the page of larger runs against that of smaller ones. Exits with status 1 when a ratio misses its bound.
 * `node test/bench/comparison.bench.ts [items…]`, default 10,000 and 100,000.
 */
import { request } from 'undici'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { parseMetric } from '../../src/domain/metric.ts'
import { compareMetrics } from '../../src/engine/comparison/compare-metrics.ts'
import { metricIn } from '../../src/engine/comparison/compared-metrics.ts'
import { openComparison } from '../../src/engine/comparison/comparison.ts'
import { groupDeltas } from '../../src/engine/comparison/group-deltas.ts'
import { ComparisonSequences } from '../../src/engine/comparison/sequences.ts'
import { Readiness } from '../../src/server/readiness.ts'
import { startServer } from '../../src/server/start-server.ts'
import { bareMetrics } from './bare-metrics.ts'
import { barePage, pageQuery } from './bare-page.ts'
import { type SeededRuns, seedRuns } from './comparison-data.ts'
import { startBench } from './harness.ts'

const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(10_000, 100_000)
const rounds = 40

const metrics = `query($baseline: ID!, $candidates: [ID!]!) { compareRuns(baselineId: $baseline, candidateIds: $candidates) {
  metrics {
    metric { kind name } candidate { id name } direction baselineMean candidateMean delta interval { low high } sequence { low high }
    pValue adjustedPValue method pairs improved regressed unchanged missing verdict pairsNeeded
  }
} }`

function quantile(q: number, values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

await using bench = await startBench([])
const { db, services, feeds, comparisons, listener } = bench
const readiness = new Readiness({ db, log: services.log, listener, worker: null })
const server = await startServer({ services, feeds, comparisons, listener, readiness, host: '127.0.0.1', port: 0 })

/** @param caching `no-store`: the answer is made anew */
async function ask(query: string, { runIds }: SeededRuns, caching = 'no-store'): Promise<string> {
  const [baseline, ...candidates] = runIds.map((id) => encodeGlobalId('Run', id))
  const { body } = await request(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': caching },
    body: JSON.stringify({ query, variables: { baseline, candidates } }),
  })
  const text = await body.text()
  if (!text.startsWith('{"data":{"compareRuns"')) throw new Error(text.slice(0, 500))
  return text
}

let missed = 0

/** Alternates both in balanced order; prints the medians, and median and quartiles of the ratio of each pair. */
async function race(name: string, bound: number, ours: () => Promise<string>, bare: () => Promise<string>) {
  for (let warm = 0; warm < 20; warm++) await Promise.all([ours(), bare()])
  const pairs: { ours: number; bare: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const first = await timed(round % 2 === 0 ? ours : bare)
    const second = await timed(round % 2 === 0 ? bare : ours)
    pairs.push(round % 2 === 0 ? { ours: first, bare: second } : { ours: second, bare: first })
  }
  const ms = (side: 'ours' | 'bare') => {
    const times = pairs.map((pair) => pair[side])
    return `${quantile(0.5, times).toFixed(1)} ms`
  }
  const ratios = pairs.map(({ ours, bare }) => ours / bare)
  const [low, ratio, high] = [0.25, 0.5, 0.75].map((q) => quantile(q, ratios)) as [number, number, number]
  const verdict = ratio <= bound ? 'ok' : 'MISSED'
  if (ratio > bound) missed++
  console.log(
    `${name}: ${ms('ours')} / ${ms('bare')}, ratio ${ratio.toFixed(2)} (quartiles ${low.toFixed(2)}–${high.toFixed(2)}), bound ${bound}: ${verdict}`,
  )
}

const seeded: SeededRuns[] = []
for (const size of sizes) seeded.push(await seedRuns(db.pool, size, 3))
const [first, last] = [seeded[0], seeded.at(-1)]
if (!first || !last) throw new Error('expected at least one number of items')
await race(
  `page of 100 × 3 at ${sizes[0]} items / bare SQL`,
  2,
  () => ask(pageQuery, first),
  () => barePage(db.pool, first.runIds),
)
await race(
  `the same, that was asked for before / bare SQL`,
  1.3,
  () => ask(pageQuery, first, 'max-age=0'),
  () => barePage(db.pool, first.runIds),
)
await race(
  `metrics at ${sizes[0]} items / bare SQL`,
  1.5,
  () => ask(metrics, first),
  () => bareMetrics(db.pool, first.runIds, ['correct', 'similarity']),
)
if (last !== first) {
  await race(
    `page at ${sizes.at(-1)} items / at ${sizes[0]}`,
    1.2,
    () => ask(pageQuery, last),
    () => ask(pageQuery, first),
  )
}
/** Of two runs, in a process that has not seen them: the metrics, and with clusters also one of them by tag. */
async function raceAlone(name: string, bound: number, clusterPath: string[]) {
  const [baselineId = '', ...others] = (last as SeededRuns).runIds
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const fresh = new ComparisonSequences(db)
    const comparison = await openComparison(db, bench.scope, {
      baselineId,
      candidateIds: others.slice(0, 1),
      clusterPath,
    })
    const correct = metricIn(comparison.metrics, parseMetric({ score: { name: 'correct' } }, []), [])
    const work = async () => {
      const groups = clusterPath.length > 0 ? groupDeltas(db, comparison, correct, { by: 'TAG' }, 20) : null
      await Promise.all([compareMetrics(db, fresh, comparison), groups])
    }
    times.push(await timed(work))
  }
  const ms = quantile(0.5, times)
  if (ms > bound) missed++
  console.log(
    `${name} at ${sizes.at(-1)} items: ${ms.toFixed(0)} ms, bound ${bound} ms: ${ms > bound ? 'MISSED' : 'ok'}`,
  )
}

if (last !== first) {
  await raceAlone('metrics', 1_000, [])
  await raceAlone('metrics with clusters and groups', 2_000, ['passage'])
}
await server.stop()
process.exitCode = missed > 0 ? 1 : 0
