/**
 * A comparison of three runs through HTTP and GraphQL, against the bare SQL of the same data and JSON.stringify, measured in
 * turn in the same process: the first page of 100 rows with every cell, and, at the first size, the metrics. Prints the
 * medians, their ratio and how the page changes with the size of the runs.
 * `node test/bench/comparison.bench.ts [items…]`, default 10,000 and 100,000.
 */
import { encodeGlobalId } from '../../schema/global-id.ts'
import type { Queryable } from '../../src/db/client.ts'
import { comparisonItemCounts } from '../../src/db/sql/comparison-item-counts.ts'
import { comparisonMoments } from '../../src/db/sql/comparison-moments.ts'
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

/** The least SQL that reads what the page shows, put together and written as JSON. */
async function barePage(db: Queryable, { runIds }: SeededRuns): Promise<string> {
  const { rows: items } = await db.query(
    `SELECT r.item_id::text AS id, i.key, r.input, r.expected_output AS "expectedOutput"
     FROM (SELECT item_id, ordinal FROM run_item WHERE run_id = $1 AND repetition = 0 ORDER BY ordinal LIMIT 101) page
     JOIN dataset_item i ON i.id = page.item_id
     JOIN dataset_item_revision r ON r.item_id = page.item_id AND r.valid_from <= 1 AND (r.valid_to IS NULL OR r.valid_to > 1)
     ORDER BY page.ordinal`,
    [runIds[0]],
  )
  const { rows: cells } = await db.query(
    `SELECT run_id, ordinal, item_id::text AS item_id, status, output, error, latency_ms, cost_usd FROM run_item
     WHERE item_id = ANY ($2::bigint[]) AND run_id = ANY ($1::uuid[])`,
    [runIds, items.map((item) => item.id)],
  )
  const { rows: scores } = await db.query(
    `SELECT s.run_id, s.ordinal, s.name, s.value FROM unnest($1::uuid[], $2::int[]) AS key (run_id, ordinal)
     JOIN score s USING (run_id, ordinal)`,
    [cells.map((cell) => cell.run_id), cells.map((cell) => cell.ordinal)],
  )
  const byCell = Map.groupBy(scores, (score) => `${score.run_id} ${score.ordinal}`)
  const byItem = Map.groupBy(cells, (cell) => cell.item_id)
  const rows = items.slice(0, 100).map((item) => ({
    item,
    cells: byItem.get(item.id)?.map((cell) => ({ ...cell, scores: byCell.get(`${cell.run_id} ${cell.ordinal}`) })),
  }))
  return JSON.stringify({ rows, hasNextPage: items.length > 100 })
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
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { baseline, candidates } }),
  })
  const text = await response.text()
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
