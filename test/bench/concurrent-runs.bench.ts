/**
 * Measures ten runs of one project that execute at once: their throughput, and the pages that people look at meanwhile.
 * Prints the medians over some rounds, to be compared with those of another version: `node
 * test/bench/concurrent-runs.bench.ts [items per run] [rounds]`, default 5,000 and 5. Exits with status 1 when a
 * subscriber missed a result.
 *
 * Depends on the harness, on the served process and on GraphQL only, so that it can be copied into the tree of another
 * version with those.
 */
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { defaultRunSettings } from '../../src/domain/run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedBench, startBench } from './harness.ts'
import { serve } from './served.ts'

const [size = 5_000, rounds = 5] = process.argv.slice(2).map(Number)
const runs = 10

const bench = await startBench([])
const served = await serve(bench.url)
const { url } = served

// biome-ignore lint/suspicious/noExplicitAny: each query has its own shape
async function ask(query: string, variables: object = {}): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  const { errors, data } = (await response.json()) as { errors?: unknown; data?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

const figures = `id name status createdAt progress { total queued running succeeded failed cancelled }
  stats { costUsd latencyMs { avg p50 p95 } scores { name count mean stddev missingCount } }`
const pages = {
  'list of runs': `{ runs(first: 20) { nodes { ${figures} } pageInfo { hasNextPage endCursor } } }`,
  'run page': `query ($id: ID!) { node(id: $id) { ... on Run { ${figures}
    items(first: 50) { nodes { id status output latencyMs scores { name value label } } pageInfo { hasNextPage endCursor } } } } }`,
}
type PageName = keyof typeof pages
const pageNames = Object.keys(pages) as PageName[]

/** Between the beginnings of two queries: as many are asked of a quick server as of a slow one. */
const intervalMs = 200

/** Milliseconds of each query, one after another until stopped. */
async function queryPage(name: PageName, id: string, until: () => boolean): Promise<number[]> {
  const times: number[] = []
  while (!until()) {
    const startedAt = performance.now()
    await ask(pages[name], { id })
    const ms = performance.now() - startedAt
    times.push(ms)
    await delay(Math.max(0, intervalMs - ms))
  }
  return times
}

function quantile(q: number, values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN
}

let missed = 0

/** Executes ten runs of `items` items at once, each with a live subscriber. @returns the figures, by name */
async function measure(items: number): Promise<Map<string, number>> {
  const experiments: string[] = []
  for (let n = 0; n < runs; n += 1) {
    experiments.push(await seedBench(bench, items, 'echo', { ...defaultRunSettings, concurrency: 50 }))
  }
  const started = Promise.withResolvers<void>()
  const startedAt = performance.now()
  const executed = experiments.map((experimentId) =>
    served.measure(async () => {
      const { id } = await startRun(bench.services, bench.scope, { experimentId })
      started.resolve()
      return id
    }),
  )
  let over = false
  await started.promise
  const { id } = (await ask('{ runs(first: 1) { nodes { id } } }')).runs.nodes[0]
  const queried = pageNames.map((name) => queryPage(name, id, () => over))
  for (const { delivered } of await Promise.all(executed)) if (delivered < items) missed += 1
  const seconds = (performance.now() - startedAt) / 1_000
  over = true
  const times = await Promise.all(queried)
  return new Map([
    ['items/s', (runs * items) / seconds],
    ...pageNames.flatMap((name, index): [string, number][] => [
      [`${name} p50 ms`, quantile(0.5, times[index] ?? [])],
      [`${name} p95 ms`, quantile(0.95, times[index] ?? [])],
    ]),
  ])
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.versions.node}, PostgreSQL durable\n`,
)
await ask('mutation ($input: CreateEvaluatorInput!) { createEvaluator(input: $input) { __typename } }', {
  input: { name: 'exact', datasetIds: null, definition: { builtin: { jsonEquals: {} } } },
})

// Warm-up: compiles everything and opens all connections.
await measure(Math.min(size, 500))

const measured: Map<string, number>[] = []
for (let round = 0; round < rounds; round += 1) measured.push(await measure(size))
for (const name of measured[0]?.keys() ?? []) {
  const values = measured.map((one) => one.get(name) ?? Number.NaN)
  const round = (value: number) => value.toFixed(value < 100 ? 1 : 0)
  console.log(
    `${runs} × ${size} items, ${name}: median ${round(quantile(0.5, values))} (${values.map(round).join(', ')})`,
  )
}
console.log(missed === 0 ? 'ok     every subscriber got every result' : `MISSED results: ${missed} subscribers`)

await served[Symbol.asyncDispose]()
await bench[Symbol.asyncDispose]()
process.exitCode = missed > 0 ? 1 : 0
