/** Clients that are cut off at random while runs are executed, retried, labelled and deleted. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { deleteRun } from '../../src/engine/runs/delete-run.ts'
import { retryFailedItems } from '../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { setScore } from '../../src/engine/scores.ts'
import { type CachedNode, CachingClient } from '../helpers/caching-client.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
/** Calls that wait, by task and input. */
const waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
/** One for each run. */
const tasks = ['first', 'second'].map((name) => ({
  name,
  run: async (input: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting.set(`${name} ${input}`, { resolve, reject })
    await promise
    return input
  },
}))

beforeAll(async () => {
  t = await startTestServer({ tasks })
  await t.startWorker()
})
afterAll(() => t[Symbol.asyncDispose]())

const inputs = [0, 1, 2, 3, 4, 5]
const runFields =
  'id status settings { concurrency } progress { queued running succeeded failed } scores { name value } '
const itemFields = 'id status output attempts error { message } scores { name value } '

function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return Math.floor((state / 2_147_483_647) * below)
  }
}

/** What happens to a run, step by step. */
function lifeOf(runId: string, task: string): (() => Promise<unknown>)[] {
  const end = (from: number, to: number, error?: Error) => async () => {
    for (const input of inputs.slice(from, to)) {
      const call = `${task} ${input}`
      await expect.poll(() => waiting.has(call)).toBe(true)
      if (error) waiting.get(call)?.reject(error)
      else waiting.get(call)?.resolve()
      waiting.delete(call)
    }
  }
  const ended = () => followRun(t, runId)
  const label = (ordinal: number | null, value: number) => () =>
    setScore(t.services, t.scope, { runId, ordinal, name: 'good', source: 'HUMAN', dataType: 'NUMERIC', value })
  return [
    end(0, 2),
    end(2, 4),
    end(4, 6, Object.assign(new Error('no'), { retryable: false })),
    ended,
    label(0, 1),
    () => retryFailedItems(t.services, t.scope, runId),
    end(4, 5),
    end(5, 6),
    ended,
    label(null, 2),
    label(0, 3),
    () => updateRun(t.services, t.scope, { id: runId, concurrency: 3 }),
    label(5, 4),
    () => deleteRun(t.services, t.scope, runId),
  ]
}

const byId = (nodes: Iterable<CachedNode>) => Object.fromEntries([...nodes].map((node) => [node.id, node]))

/** An item that was never claimed is not delivered. */
const isShown = (node: object) => !('output' in node && 'status' in node && node.status === 'QUEUED')

test.each([1, 4, 5])('have what the server has after each reconnect (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const datasetId = await seedDataset(t, inputs)
  const dataset = encodeGlobalId('Dataset', datasetId)
  const lives: (() => Promise<unknown>)[][] = []
  const list = `runs { ${runFields} } deletedRunIds`
  const runsOfDataset = async () => {
    const { data } = await t.query(`{ runs(filter: { datasetId: "${dataset}" }) { nodes { ${runFields} } } }`)
    return data.runs.nodes as CachedNode[]
  }
  const clients = [
    {
      client: new CachingClient(t, `datasetRuns(datasetId: "${dataset}", after: $after)`, list),
      stored: runsOfDataset,
    },
    { client: new CachingClient(t, 'runsFeed(after: $after)', list), stored: runsOfDataset },
  ]
  for (const { name } of tasks) {
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name })
    const { id } = await startRun(t.services, t.scope, { experimentId })
    lives.push(lifeOf(id, name))
    const run = encodeGlobalId('Run', id)
    const field = `runFeed(runId: "${run}", until: NEVER, after: $after)`
    const stored = async () => {
      const { data } = await t.query(
        `{ node(id: "${run}") { ... on Run { ${runFields} items { nodes { ${itemFields} } } } } }`,
      )
      if (!data.node) return []
      const { items, ...node } = data.node
      return [node, ...items.nodes] as CachedNode[]
    }
    clients.push({ client: new CachingClient(t, field, `run { ${runFields} } items { ${itemFields} }`), stored })
  }
  /** Until every client that is connected has what the server has. */
  const caughtUp = async () => {
    for (const { client, stored } of clients) {
      if (!client.cut) continue
      const difference = async () => {
        const [server, cache] = [await stored(), [...client.cache.values()]].map((nodes) => byId(nodes.filter(isShown)))
        return isDeepStrictEqual(server, cache) ? null : { server, cache }
      }
      await expect.poll(difference).toBeNull()
    }
  }

  for (const { client } of clients) client.connect()
  await caughtUp()
  let reconnects = 0
  while (lives.some((steps) => steps.length > 0)) {
    const cutBefore = clients.filter(() => random(3) === 0)
    for (const { client } of cutBefore) await client.cut?.()
    const steps = lives.filter((steps) => steps.length > 0)
    const step = steps[random(steps.length)]?.shift()?.()
    // Amid the step.
    for (const { client } of clients.filter(() => random(3) === 0)) await client.cut?.()
    await step
    for (const { client } of clients) {
      if (client.cut || random(3) > 0) continue
      client.connect()
      reconnects += 1
    }
    await caughtUp()
  }
  for (const { client } of clients) if (!client.cut) client.connect()
  await caughtUp()
  expect(clients.map(({ client }) => client.cache.size)).toEqual([0, 0, 0, 0])
  expect(reconnects).toBeGreaterThan(10)
  for (const { client } of clients) await client.cut?.()
})
