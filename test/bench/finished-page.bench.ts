/**
 * Measures a page of a comparison of three finished runs. CPU of the server for each request, without the client's: over
 * GET, where it is kept and given again while its tag is that of the database, and a client's question whether the one that
 * it has is still that, against `node:http` and `JSON.stringify` of the same payload. Time of a request, as most of it is
 * the database's: by GraphQL over POST, asked for before and made anew, against `node:http`, bare SQL and `JSON.stringify`
 * of the same page. Exits with status 1 when a ratio misses its bound. `node test/bench/finished-page.bench.ts`. Linux only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { barePage, pageQuery } from './bare-page.ts'
import { seedRuns } from './comparison-data.ts'
import { startBench } from './harness.ts'
import { Program } from './programs.ts'
import { cpuMsOf, serve } from './served.ts'

await using bench = await startBench([])
const { runIds } = await seedRuns(bench.db.pool, 10_000, 3)
const { key } = await createApiKey(bench.db, bench.scope, { name: 'bench', role: 'READ' })
await using server = await serve(bench.url, ['--no-worker', '--open'])
const [baseline, ...candidates] = runIds.map((id) => encodeGlobalId('Run', id))
const variables = { baseline, candidates }
const url = new URL(`${server.url}/graphql`)
url.searchParams.set('query', pageQuery)
url.searchParams.set('variables', JSON.stringify(variables))
// As browsers ask.
const headers = { authorization: `Bearer ${key}`, accept: 'application/json', 'accept-encoding': 'gzip, deflate, br' }
const tagged = await request(url, { headers })
const answer = await tagged.body.text()
if (!answer.startsWith('{"data":{"compareRuns"')) throw new Error(answer.slice(0, 500))
const directory = await mkdtemp(join(tmpdir(), 'assay-bench-'))
const file = join(directory, 'answer.json')
await writeFile(file, answer)
await using stringify = new Program('stringify-server.ts', [file])
await using sql = new Program('bare-page-server.ts', [bench.url, ...runIds])

interface Asked {
  url: string | URL
  options?: Parameters<typeof request>[1]
  /** The status of its answers. */
  status: number
  /** Microseconds of who answers. */
  cpu: () => number | Promise<number>
}

const byServer = () => cpuMsOf(server.pid) * 1_000
const bare = async (program: Program): Promise<Asked> => {
  const url = await program.line()
  let us = 0
  const cpu = async () => {
    us += Number(await program.ask(''))
    return us
  }
  return { url, status: 200, cpu }
}
const get = (more: Record<string, string>, status: number): Asked => ({
  ...{ url, options: { headers: { ...headers, ...more } }, status, cpu: byServer },
})
/** Without a key, which bare SQL does not ask for either. */
const post = (caching: string): Asked => ({
  url: `${server.url}/graphql`,
  options: {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'cache-control': caching },
    body: JSON.stringify({ query: pageQuery, variables }),
  },
  ...{ status: 200, cpu: byServer },
})

/** Of each request, in microseconds. */
interface Cost {
  cpu: number
  time: number
}

/** Asks one request after the other. */
async function measure({ url, options, status, cpu }: Asked, count: number): Promise<Cost> {
  const before = await cpu()
  const startedAt = performance.now()
  for (let n = 0; n < count; n += 1) {
    const { statusCode, body } = await request(url, options)
    await body.dump({ limit: Infinity })
    if (statusCode !== status) throw new Error(`expected ${status}, got ${statusCode}`)
  }
  const time = ((performance.now() - startedAt) * 1_000) / count
  return { cpu: ((await cpu()) - before) / count, time }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

let missed = 0

/** Prints the medians over rounds in which all are asked for in turn, and the median of each round's ratio to `theirs`. */
async function compare(
  by: keyof Cost,
  count: number,
  rounds: number,
  ours: { what: string; asked: Asked; bound: number }[],
  theirs: { what: string; asked: Asked },
) {
  const all = [theirs, ...ours]
  const costs = all.map((): Cost[] => [])
  for (const { asked } of all) await measure(asked, count)
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { asked }] of all.entries()) costs[index]?.push(await measure(asked, count))
  }
  const [bare = [], ...others] = costs
  const us = (of: Cost[], by: keyof Cost) => median(of.map((cost) => cost[by])).toFixed(0)
  const describe = (of: Cost[]) =>
    `${us(of, by)} µs${by === 'time' ? ` (CPU of the process ${us(of, 'cpu')})` : ' of CPU'}`
  for (const [index, { what, bound }] of ours.entries()) {
    const own = others[index] ?? []
    const ratio = median(own.map((cost, round) => cost[by] / (bare[round]?.[by] ?? Number.NaN)))
    const isMet = ratio <= bound
    if (!isMet) missed += 1
    console.log(
      `${isMet ? 'ok    ' : 'MISSED'} ${what}: ${describe(own)}, ${theirs.what} ${describe(bare)}: ${ratio.toFixed(2)} (at most ${bound})`,
    )
  }
}

const size = `a page of ${Buffer.byteLength(answer)} bytes`
await compare(
  'cpu',
  1_000,
  5,
  [
    { what: `${size} by GET`, asked: get({}, 200), bound: 0.3 },
    {
      what: 'the same for a client that has it',
      asked: get({ 'if-none-match': String(tagged.headers.etag) }, 304),
      bound: 0.3,
    },
  ],
  { what: 'node:http + JSON.stringify', asked: await bare(stringify) },
)
const withoutCursor = (text: string) => text.replace(/"endCursor":"[^"]*"/, '')
if (withoutCursor(await barePage(bench.db.pool, runIds)) !== withoutCursor(answer)) {
  throw new Error('bare SQL answers otherwise')
}
await compare(
  'time',
  50,
  20,
  [
    { what: `${size} by GraphQL, asked for before`, asked: post('max-age=0'), bound: 1.3 },
    { what: 'the same, made anew', asked: post('no-store'), bound: 1.3 },
  ],
  { what: 'node:http + bare SQL + JSON.stringify', asked: await bare(sql) },
)
await rm(directory, { recursive: true })
process.exitCode = missed > 0 ? 1 : 0
