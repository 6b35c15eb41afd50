/**
 * An honest client in a process of its own: `node probe.ts <url> <key> <milliseconds>` asks for health and for a list, one after
 * the other, and says how long each took, in milliseconds, as a line of JSON.
 */
import { setTimeout } from 'node:timers/promises'

const [url = '', key = '', ms = ''] = process.argv.slice(2)

async function timed(path: string, init?: RequestInit): Promise<number> {
  const startedAt = performance.now()
  const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(10_000) })
  const body = await response.text()
  if (!response.ok || body.includes('"errors"')) throw new Error(`${path}: ${response.status} ${body.slice(0, 200)}`)
  return performance.now() - startedAt
}

const query = {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  body: JSON.stringify({ query: '{ datasets(first: 20) { nodes { id name itemCount } } }' }),
}
await timed('/healthz')
await timed('/graphql', query)
process.stdout.write('ready\n')
const health: number[] = []
const queries: number[] = []
const until = performance.now() + Number(ms)
while (performance.now() < until) {
  health.push(await timed('/healthz'))
  queries.push(await timed('/graphql', query))
  await setTimeout(10)
}
process.stdout.write(`${JSON.stringify({ health, queries })}\n`)
