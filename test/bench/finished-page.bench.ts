/**
 * Measures a page of a comparison of three finished runs over GET, which is kept and given again while its tag is that of
 * the database, and a client's question whether the one that it has is still that, against `node:http` and `JSON.stringify`
 * of the same payload: CPU of the server for each request, without the client's. Exits with status 1 when the ratio misses its bound. `node test/bench/finished-page.bench.ts`. Linux only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { seedRuns } from './comparison-data.ts'
import { startBench } from './harness.ts'
import { Program } from './programs.ts'
import { cpuMsOf, serve } from './served.ts'

const bound = 0.3
const requests = 1_000
const rounds = 5
const page = `query($baseline: ID!, $candidates: [ID!]!) { compareRuns(baselineId: $baseline, candidateIds: $candidates) {
  rows(first: 100) { nodes {
    datasetItem { id latest { key input expectedOutput } }
    cells { run { id } latencyMs costUsd scores { name value delta change } items { id status output error { code message } latencyMs costUsd } }
  } pageInfo { hasNextPage endCursor } }
} }`

await using bench = await startBench([])
const { runIds } = await seedRuns(bench.db.pool, 10_000, 3)
const { key } = await createApiKey(bench.db, bench.scope, { name: 'bench', role: 'READ' })
await using server = await serve(bench.url, ['--no-worker'])
const [baseline, ...candidates] = runIds.map((id) => encodeGlobalId('Run', id))
const url = new URL(`${server.url}/graphql`)
url.searchParams.set('query', page)
url.searchParams.set('variables', JSON.stringify({ baseline, candidates }))
// As browsers ask.
const headers = { authorization: `Bearer ${key}`, accept: 'application/json', 'accept-encoding': 'gzip, deflate, br' }

/** Requests one after the other. @returns the last answer */
async function ask(url: string | URL, count: number, more: Record<string, string> = {}): Promise<string> {
  let text = ''
  for (let n = 0; n < count; n += 1) text = await (await request(url, { headers: { ...headers, ...more } })).body.text()
  return text
}

const answer = await ask(url, 1)
if (!answer.startsWith('{"data":{"compareRuns"')) throw new Error(answer.slice(0, 500))
const tagged = await request(url, { headers })
await tagged.body.dump()
const known = { 'if-none-match': String(tagged.headers.etag) }
if ((await ask(url, 1, known)) !== '') throw new Error('expected no answer to who has it')
const directory = await mkdtemp(join(tmpdir(), 'assay-bench-'))
const file = join(directory, 'answer.json')
await writeFile(file, answer)
await using bare = new Program('stringify-server.ts', [file])
const bareUrl = await bare.line()
await ask(url, requests)
await ask(bareUrl, requests)
await bare.ask('')
let [ours, revalidated, theirs] = [0, 0, 0]
for (let round = 0; round < rounds; round += 1) {
  const before = cpuMsOf(server.pid)
  await ask(url, requests)
  ours += (cpuMsOf(server.pid) - before) * 1_000
  const between = cpuMsOf(server.pid)
  await ask(url, requests, known)
  revalidated += (cpuMsOf(server.pid) - between) * 1_000
  await ask(bareUrl, requests)
  theirs += Number(await bare.ask(''))
}
await rm(directory, { recursive: true })
const each = (us: number) => `${(us / requests / rounds).toFixed(0)} µs`
let missed = 0
for (const [what, us] of [
  [`a page of ${Buffer.byteLength(answer)} bytes by GET`, ours],
  ['the same for a client that has it', revalidated],
] as const) {
  const ratio = us / theirs
  if (ratio > bound) missed += 1
  console.log(
    `${ratio <= bound ? 'ok    ' : 'MISSED'} ${what}: ${each(us)} of the server, node:http + JSON.stringify ${each(theirs)}: ` +
      `${ratio.toFixed(2)} (at most ${bound})`,
  )
}
process.exitCode = missed > 0 ? 1 : 0
