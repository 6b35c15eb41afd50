/**
 * A comparison of three runs through HTTP and GraphQL, against the bare SQL of the same data and JSON.stringify, measured in
 * turn in the same process: the first page of 100 rows with every cell, and, at the first size, the metrics. Prints the
 * medians, their ratio and how the page changes with the size of the runs.
 * `node test/bench/comparison.bench.ts [items…]`, default 10,000 and 100,000.
 */
import { request } from 'undici'
import { encodeGlobalId } from '../../schema/global-id.ts'
import type { Queryable } from '../../src/db/client.ts'
import { comparisonCells, comparisonCellValues } from '../../src/db/sql/comparison-cells.ts'
import { comparisonItemCounts } from '../../src/db/sql/comparison-item-counts.ts'
import { comparisonItems } from '../../src/db/sql/comparison-items.ts'
import { comparisonMoments } from '../../src/db/sql/comparison-moments.ts'
import { comparisonPage } from '../../src/db/sql/comparison-page.ts'
import { Readiness } from '../../src/server/readiness.ts'
import { startServer } from '../../src/server/start-server.ts'
import { type SeededRuns, seedRuns } from './comparison-data.ts'
import { startBench } from './harness.ts'

const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0) sizes.push(10_000, 100_000)
const rounds = 60

const page = `query($baseline: ID!, $candidates: [ID!]!) { compareRuns(baselineId: $baseline, candidateIds: $candidates) {
  rows(first: 100) { nodes {
    datasetItem { id key input expectedOutput }
    cells { run { id } latencyMs costUsd scores { name value delta change } items { id status output error { code message } latencyMs costUsd } }
  } pageInfo { hasNextPage endCursor } }
} }`

const metrics = `query($baseline: ID!, $candidates: [ID!]!) { compareRuns(baselineId: $baseline, candidateIds: $candidates) {
  metrics {
    metric candidate { id name } direction baselineMean candidateMean delta interval { low high } sequence { low high }
    pValue adjustedPValue method pairs improved regressed unchanged missing verdict pairsNeeded
  }
} }`

/** The statements of a page and nothing else: their rows, put together and written as JSON. */
async function barePage(db: Queryable, { runIds }: SeededRuns): Promise<string> {
  const runs = { ids: runIds, datasetVersions: runIds.map(() => 1), repetitions: 1 }
  const request = { limit: 100, backward: false, after: null, before: null }
  const { rows, hasNextPage } = await comparisonPage(db, runs, {}, { field: 'SCHEDULE' }, request)
  const itemIds = rows.map((row) => row.itemId)
  const [items, executions, values] = await Promise.all([
    comparisonItems(db, runIds, itemIds),
    comparisonCells(db, runIds, itemIds),
    comparisonCellValues(db, runIds, itemIds),
  ])
  const executionsOf = Map.groupBy(executions, ({ runId, itemId }) => `${runId} ${itemId}`)
  const valuesOf = Map.groupBy(values, ({ run, itemId }) => `${runIds[run]} ${itemId}`)
  const nodes = itemIds.map((id) => {
    const { key, input, expectedOutput } = items.get(id) ?? {}
    const cells = runIds.map((run) => ({
      run,
      scores: valuesOf.get(`${run} ${id}`)?.map(({ name, value }) => ({ name, value })),
      items: executionsOf.get(`${run} ${id}`)?.map(({ ordinal, status, output, error, latencyMs, costUsd }) => ({
        ordinal,
        status,
        output,
        error,
        latencyMs,
        costUsd,
      })),
    }))
    return { datasetItem: { id, key, input, expectedOutput }, cells }
  })
  return JSON.stringify({ nodes, hasNextPage })
}

async function bareMetrics(db: Queryable, { runIds }: SeededRuns): Promise<string> {
  const [moments, counts] = await Promise.all([
    comparisonMoments(db, runIds, ['correct', 'similarity']),
    comparisonItemCounts(db, runIds),
  ])
  return JSON.stringify({ moments, counts })
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

await using bench = await startBench([])
const { db, engine, feeds, listener } = bench
const readiness = new Readiness({ db, log: engine.log, listener, worker: null })
const server = await startServer({ engine, feeds, readiness, host: '127.0.0.1', port: 0 })

async function ask(query: string, { runIds }: SeededRuns): Promise<string> {
  const [baseline, ...candidates] = runIds.map((id) => encodeGlobalId('Run', id))
  const { body } = await request(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { baseline, candidates } }),
  })
  const text = await body.text()
  if (!text.startsWith('{"data":{"compareRuns"')) throw new Error(text.slice(0, 500))
  return text
}

/** Prints both medians of work that is done in turn; returns ours. */
async function race(name: string, ours: () => Promise<string>, bare: () => Promise<string>): Promise<number> {
  for (let warm = 0; warm < 3; warm++) await Promise.all([ours(), bare()])
  const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await timed(ours))
    times.bare.push(await timed(bare))
  }
  const [a, b] = [median(times.ours), median(times.bare)]
  const size = Math.round((await ours()).length / 1024)
  console.log(`${name}: ${a.toFixed(1)} ms (${size} KB), bare ${b.toFixed(1)} ms, ratio ${(a / b).toFixed(2)}`)
  return a
}

const pages: number[] = []
for (const [index, size] of sizes.entries()) {
  const seeded = await seedRuns(db.pool, size, 3)
  const items = `${size.toLocaleString('en')} items`
  const ms = await race(
    `${items}, page of 100 × 3`,
    () => ask(page, seeded),
    () => barePage(db.pool, seeded),
  )
  pages.push(ms)
  if (index === 0)
    await race(
      `${items}, metrics`,
      () => ask(metrics, seeded),
      () => bareMetrics(db.pool, seeded),
    )
}
const [first = Number.NaN] = pages
const last = pages.at(-1) ?? Number.NaN
if (pages.length > 1) console.log(`page at ${sizes.at(-1)} items against ${sizes[0]}: ${(last / first).toFixed(2)}`)
await server.stop()
