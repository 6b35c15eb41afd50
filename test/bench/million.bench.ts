/**
 * Measures runs of a million items against runs of 10,000 on `assay serve` as it is shipped: starting, executing, paging,
 * comparing and deleting them. Takes about ten minutes and 3 GB of disk: `npm run bench:million`, or with other numbers of items
 * `npm run bench:million -- 10000 200000`. Exits with status 1 when a figure misses its bound.
 */
import { randomUUID } from 'node:crypto'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import { encodeGlobalId, parseGlobalId } from '../../src/domain/global-id.ts'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { createEvaluator } from '../../src/engine/evaluators.ts'
import { seedBench, startBench } from './harness.ts'
import { ask, quantile, RunPageQueries } from './queries.ts'
import { type Measured, residentMb, serve } from './served.ts'

const [small = 10_000, large = 1_000_000] = process.argv.slice(2).map(Number)

const bench = await startBench([])
await createEvaluator(bench.services, bench.scope, {
  name: 'exact',
  definition: { kind: 'builtin', type: 'jsonEquals', ignoreArrayOrder: false, outputPath: null, expectedPath: null },
})
const served = await serve(bench.url)
const { url } = served
const settings = { ...defaultRunSettings, concurrency: 50 }
const echo: TaskSpec = { kind: 'echo', outputPath: null }

let missed = 0
function check(what: string, ok: boolean): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}

const startRun = `mutation ($id: ID!) { startRun(input: { experimentId: $id }) { ... on StartRunPayload { run { id } } ... on UserError { message } } }`

/** Starts a run over HTTP. */
async function start(experimentId: string): Promise<{ id: string; seconds: number; moreMb: number }> {
  const before = residentMb(served.pid)
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, residentMb(served.pid))
  }, 50)
  const startedAt = performance.now()
  const answer = await ask<{ startRun: { run: { id: string } } }>(url, startRun, {
    id: encodeGlobalId('Experiment', experimentId),
  })
  clearInterval(watch)
  return { id: answer.startRun.run.id, seconds: (performance.now() - startedAt) / 1_000, moreMb: most - before }
}

const perItem = (size: number, { seconds, cpuMs }: Measured) => ({ seconds: seconds / size, cpuMs: cpuMs / size })

const seed = (size: number) => seedBench(bench, size, echo, settings)
const execute = (id: string) => served.measure(async () => parseGlobalId(id)?.id ?? '')
for (let round = 0; round < 2; round += 1) await execute((await start(await seed(small))).id)
const smallExperiment = await seed(small)
const shown = await start(smallExperiment)
await execute(shown.id)
const pages = new RunPageQueries(url)
await pages.queryFor(shown.id, 3)
const idle = await pages.queryFor(shown.id, 5)

/**
 * Starts and executes a run, beside queries of another run's page: what these cost the server counts as part of the run, so that
 * only runs with them can be compared.
 */
async function run(experimentId: string) {
  const started = await start(experimentId)
  await pages.begin(shown.id)
  const measured = await execute(started.id)
  return { ...measured, started, beside: await pages.end() }
}

/** Of which half are before the large run and half after it, as the speed of a machine changes with the minutes. */
const smallRuns = 16
const smalls: Awaited<ReturnType<typeof run>>[] = []
const runSmall = async (until: number) => {
  while (smalls.length < until) smalls.push(await run(smallExperiment))
}
await runSmall(smallRuns / 2)
const [first, second] = smalls as [(typeof smalls)[0], (typeof smalls)[0]]
const big = await run(await seed(large))
const { beside } = big
await runSmall(smallRuns)

check(`start of ${large} items: ${big.started.seconds.toFixed(1)} s (at most 10)`, big.started.seconds <= 10)
check(`memory for it: ${big.started.moreMb.toFixed(0)} MB more (below 200)`, big.started.moreMb < 200)
const costs = smalls.map((one) => perItem(small, one))
const cost = perItem(large, big)
for (const [what, unit] of [
  ['seconds', 's'],
  ['cpuMs', 'ms of CPU'],
] as const) {
  const usual = quantile(
    costs.map((one) => one[what]),
    0.5,
  )
  const growth = cost[what] / usual
  console.log(`one item of ${large}: ${cost[what].toFixed(6)} ${unit}, of ${small}: ${usual.toFixed(6)}`)
  check(`${unit} per item at ${large} / at ${small}: ${growth.toFixed(2)} (at most 1.15)`, growth <= 1.15)
}
check(
  `run page p95 beside it ${beside.p95.toFixed(1)} ms (${beside.queries} queries), idle ${idle.p95.toFixed(1)} ms: ${(beside.p95 / idle.p95).toFixed(2)} times (at most 2.3)`,
  beside.p95 <= 2.3 * idle.p95,
)

const { rows: tables } = await bench.db.pool.query(
  `SELECT relname AS name, n_live_tup AS live, n_dead_tup AS dead, autovacuum_count AS vacuums,
     pg_table_size(relid) / 1e6 AS "tableMb", pg_indexes_size(relid) / 1e6 AS "indexMb"
   FROM pg_stat_user_tables WHERE relname IN ('run_item', 'score')`,
)
for (const { name, live, dead, vacuums, tableMb, indexMb } of tables) {
  console.log(
    `${name}: ${live} rows, ${dead} dead, ${vacuums} vacuums so far; ${Number(tableMb).toFixed(0)} MB and ${Number(indexMb).toFixed(0)} MB of indexes`,
  )
}

/** A finished run again, with other scores for some items. @returns its id, with its type */
async function copy(runId: string): Promise<string> {
  const { pool } = bench.db
  const id = randomUUID()
  const table = (name: string, changed: string) =>
    pool.query(
      `INSERT INTO ${name} SELECT copy.* FROM ${name} t, jsonb_populate_record(t, ${changed}) copy WHERE t.${name === 'run' ? 'id' : 'run_id'} = $1`,
      [runId, id],
    )
  await table('run', `jsonb_build_object('id', $2::uuid, 'idempotency_key', NULL, 'created_at', now())`)
  for (const name of ['run_evaluator', 'run_score_summary', 'run_item']) {
    await table(name, `jsonb_build_object('run_id', $2::uuid)`)
  }
  await pool.query(
    `INSERT INTO score (run_id, ordinal, name, data_type, value, source, evaluator_version_id)
     SELECT $2, ordinal, name, data_type, CASE WHEN ordinal % 50 = 0 THEN 0 ELSE value END, source, evaluator_version_id
     FROM score WHERE run_id = $1 ORDER BY ordinal`,
    [runId, id],
  )
  return encodeGlobalId('Run', id)
}

const others = [await copy(second.runId), await copy(big.runId)] as const
await bench.db.pool.query('ANALYZE run_item, score')

const itemPage = `query ($id: ID!, $after: String, $first: Int, $last: Int, $orderBy: RunItemOrder) { node(id: $id) { ... on Run {
  items(first: $first, last: $last, after: $after, orderBy: $orderBy) { nodes { id status output latencyMs scores { name value } } pageInfo { startCursor endCursor } }
} } }`
const comparison = `query ($a: ID!, $b: ID!) { compareRuns(baselineId: $a, candidateIds: [$b]) { rows(first: 100) { nodes {
  datasetItem { id latest { key input expectedOutput } }
  cells { run { id } latencyMs scores { name value delta change } items { id status output latencyMs } }
} pageInfo { endCursor } } } }`
const metrics = `query ($a: ID!, $b: ID!) { compareRuns(baselineId: $a, candidateIds: [$b]) { metrics {
  metric { kind name } baselineMean candidateMean delta interval { low high } sequence { low high } pairs verdict
} } }`

/** Alternates a query of the small runs and of the large ones. @returns quantiles of both in milliseconds */
async function race(q: number, query: (size: 'small' | 'large') => Promise<unknown>) {
  const times = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round < 240; round += 1) {
    const size = round % 2 === 0 ? 'small' : 'large'
    const startedAt = performance.now()
    await query(size)
    if (round >= 40) times[size].push(performance.now() - startedAt)
  }
  return { small: quantile(times.small, q), large: quantile(times.large, q) }
}

const runs = { small: [first.started.id, others[0]], large: [big.started.id, others[1]] } as const
type ItemPage = { node: { items: { pageInfo: { startCursor: string; endCursor: string } } } }
for (const [what, variables] of [
  ['first', { first: 50 }],
  ['last', { last: 50 }],
] as const) {
  const page = await race(0.95, (size) => ask<ItemPage>(url, itemPage, { id: runs[size][0], ...variables }))
  const ratio = page.large / page.small
  check(
    `p95 of the ${what} page of items at ${large}: ${page.large.toFixed(1)} ms, at ${small}: ${page.small.toFixed(1)} ms, ratio ${ratio.toFixed(2)} (at most 1.2)`,
    ratio <= 1.2,
  )
}
/**
 * Alternates pages of the large run in an order by a value, from its beginning and its end, with those by position: their
 * items are in as many places of the tables as there are, and one more statement tells whether the run is still the same.
 */
for (const orderBy of [
  { field: 'LATENCY', direction: 'DESC' },
  { field: 'SCORE', score: 'exact' },
]) {
  const page = (variables: object) => ask<ItemPage>(url, itemPage, { id: runs.large[0], first: 50, ...variables })
  const timed = async (variables: object) => {
    const askedAt = performance.now()
    const { node } = await page(variables)
    return { cursor: node.items.pageInfo.endCursor, seconds: ((performance.now() - askedAt) / 1_000).toFixed(1) }
  }
  const first = await timed({ orderBy })
  const second = await timed({ orderBy, after: first.cursor })
  console.log(
    `items of ${large} by ${orderBy.field}: the first page ${first.seconds} s, the second ${second.seconds} s`,
  )
  const { node: last } = await page({ orderBy, first: null, last: 100 })
  const { startCursor } = last.items.pageInfo
  const byPosition = await page({})
  for (const [what, after] of [
    ['third', second.cursor],
    ['last', startCursor],
  ] as const) {
    const times = await race(0.95, (size) =>
      page(size === 'large' ? { orderBy, after } : { after: byPosition.node.items.pageInfo.endCursor }),
    )
    const ratio = times.large / times.small
    check(
      `p95 of the ${what} page by ${orderBy.field} at ${large}: ${times.large.toFixed(1)} ms, by POSITION: ${times.small.toFixed(1)} ms, ratio ${ratio.toFixed(2)} (at most 1.2)`,
      ratio <= 1.2,
    )
  }
}
const compared = await race(0.5, (size) => ask(url, comparison, { a: runs[size][0], b: runs[size][1] }))
const ratio = compared.large / compared.small
check(
  `comparison page of two runs of ${large}: ${compared.large.toFixed(1)} ms, of ${small}: ${compared.small.toFixed(1)} ms, ratio ${ratio.toFixed(2)} (at most 1.2)`,
  ratio <= 1.2,
)
const askedAt = performance.now()
// An answer that took too long is an error.
await ask(url, metrics, { a: runs.large[0], b: runs.large[1] })
check(
  `metrics of two runs of ${large}: ${((performance.now() - askedAt) / 1_000).toFixed(1)} s, within the limit`,
  true,
)

const deletedAt = performance.now()
const deleted = await ask<{ deleteRun: { deletedId?: string } }>(
  url,
  `mutation ($id: ID!) { deleteRun(input: { id: $id }) { ... on DeleteRunPayload { deletedId } ... on UserError { message } } }`,
  { id: runs.large[1] },
)
const deleteMs = performance.now() - deletedAt
check(
  `delete of a run of ${large}: ${deleteMs.toFixed(0)} ms (at most 500)`,
  deleted.deleteRun.deletedId !== undefined && deleteMs <= 500,
)

await pages[Symbol.asyncDispose]()
await served[Symbol.asyncDispose]()
await bench[Symbol.asyncDispose]()
process.exitCode = missed > 0 ? 1 : 0
