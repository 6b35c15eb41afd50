/** kill -9 of the API server during a subscription: the subscriber misses nothing and gets nothing twice. */
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'
import { addEvaluator, auditRun, figure, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'
import { spawnServer } from '../helpers/spawn-assay.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
  await addEvaluator(t)
})
afterAll(() => t[Symbol.asyncDispose]())

const follow = `subscription ($runId: ID!, $after: String) {
  runFeed(runId: $runId, after: $after) {
    cursor done
    run { status progress { succeeded } }
    items { id status attempts output scores { name } }
  }
}`

interface Item {
  id: string
  status: string
  output: unknown
}

interface Batch {
  cursor: string
  done: boolean
  run: { status: string; progress: { succeeded: number } }
  items: Item[]
}

test('a subscriber resumes from its cursor on another server after each of 5 kills', async () => {
  const size = 4_000
  const endpoint = await spawnEndpoint()
  const env = { DATABASE_URL: t.db.url }
  const workers = await Promise.all([spawnWorker(t.db.url, 100), spawnWorker(t.db.url, 100)])
  const settings = { concurrency: 150 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=700', settings })

  const seen = new Map<string, Item>()
  let [cursor, done, finals, kills, batches] = [null as string | null, false, 0, 0, 0]
  while (!done) {
    const server = await spawnServer(['--no-worker'], { env })
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    })
    const killAfter = kills < 5 ? 2 + kills : Infinity
    const variables = { runId: encodeGlobalId('Run', runId), after: cursor }
    try {
      let got = 0
      for await (const { data, errors } of client.iterate<{ runFeed: Batch }>({ query: follow, variables })) {
        if (!data) throw new Error(JSON.stringify(errors))
        const batch = data.runFeed
        for (const item of batch.items) {
          if (item.status === 'SUCCEEDED') finals += 1
          seen.set(item.id, item)
        }
        cursor = batch.cursor
        done = batch.done
        batches += 1
        got += 1
        if (got === killAfter) server.process.kill('SIGKILL')
      }
    } catch (error) {
      // What the client sees of the kill: its socket closes without a close message.
      if ((error as { code?: unknown }).code !== 1006) throw error
      kills += 1
    }
    server.process.kill('SIGKILL')
  }

  const rows = await t.db.prisma.runItem.findMany({ where: { runId } })
  const stored = rows.map(({ ordinal, status, output }) => ({
    id: encodeGlobalId('RunItem', `${runId}:${ordinal}`),
    status,
    output,
  }))
  const got = [...seen.values()].map(({ id, status, output }) => ({ id, status, output }))
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
  const audit = await auditRun(t, runId)
  figure(
    `${kills} servers killed, ${batches} batches: ${size - seen.size} gaps, ${finals - size} results delivered twice`,
  )
  expect(kills).toBe(5)
  expect(workers.map(({ process }) => process.exitCode ?? process.signalCode)).toEqual([null, null])
  expect(got.sort(byId)).toEqual(stored.sort(byId))
  expect(finals).toBe(size)
  expect(audit).toMatchObject({ items: size, succeeded: size, scores: size, summarized: size })
})
