import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../helpers/engine.ts'
import { type ModelEndpoint, startModelEndpoint } from '../helpers/model-endpoint.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const size = 1_319
const timeoutMs = 1_500
let t: TestServer
let endpoint: ModelEndpoint
const faults = new Map<string, number>()

/** One call in ten fails, in each of the ways in turn; every hundredth question always fails. */
const ways = ['status', 'hang', 'reset', 'half'] as const

beforeAll(async () => {
  let count = 0
  endpoint = await startModelEndpoint(
    (_model, question) => `answer to ${question}`,
    ({ key }, response) => {
      count += 1
      const doomed = Number(key.split(' ').at(-1)) % 100 === 0
      if (!doomed && count % 10 !== 0) return false
      const way = ways[(faults.size + count) % ways.length] ?? 'status'
      faults.set(way, (faults.get(way) ?? 0) + 1)
      if (way === 'status') response.writeHead(500).end('out of order')
      if (way === 'reset') response.socket?.resetAndDestroy()
      if (way === 'half') response.writeHead(200, { 'content-type': 'application/json' }).end('{"solution": "ans')
      return true
    },
  )
  t = await startTestServer()
  await t.startWorker()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await endpoint.close()
})

test('with 10 % failing calls every item ends, every call is counted and no item is scored twice', async () => {
  await t.query(`mutation { createEvaluator(input: { name: "answered", datasetIds: null, definition: { builtin: { contains: {
    text: "answer" } } } }) { ... on CreateEvaluatorPayload { evaluator { id } } } }`)
  const datasetId = await seedDataset(
    t,
    Array.from({ length: size }, (_, n) => `question ${n}`),
  )
  const experimentId = await seedExperiment(
    t,
    datasetId,
    {
      kind: 'http',
      url: `${endpoint.url}/model`,
      method: 'POST',
      headers: {},
      body: { question: '{{input}}' },
      outputPath: '$.solution',
      costPath: null,
      inputTokensPath: null,
      outputTokensPath: null,
    },
    { concurrency: 60, timeoutMs, maxAttempts: 4 },
  )
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)

  expect([...faults.keys()].toSorted()).toEqual([...ways].toSorted())
  expect(items.size).toBe(size)
  expect(run).toMatchObject({ status: 'COMPLETED', total: size, queued: 0, running: 0, cancelled: 0 })
  expect(run.succeeded + run.failed).toBe(size)
  expect(run.failed).toBeGreaterThanOrEqual(14)
  for (const item of items.values()) {
    const asked = item.status === 'SUCCEEDED' ? String(item.output).replace('answer to ', '') : null
    expect(item.scores).toHaveLength(item.status === 'SUCCEEDED' ? 1 : 0)
    if (asked) expect(item.attempts).toBe(endpoint.calls.get(`model: ${asked}`))
    else {
      expect(item).toMatchObject({ attempts: 4, output: null, error: { retryable: true } })
      expect(['HTTP_STATUS', 'TIMEOUT', 'CONNECTION_FAILED', 'MALFORMED_RESPONSE']).toContain(
        (item.error as { code: string }).code,
      )
    }
  }
  const attempts = [...items.values()].reduce((sum, item) => sum + item.attempts, 0)
  expect(attempts).toBe([...endpoint.calls.values()].reduce((sum, calls) => sum + calls, 0))

  const global = Buffer.from(`Run:${id}`).toString('base64url')
  const { data } = await t.query(
    `query($id: ID!) { node(id: $id) { ... on Run {
      progress { total succeeded failed } stats { scores { name count missingCount } }
      items(first: 100, filter: { status: [FAILED] }) { nodes { error { code message retryable } } } } } }`,
    { id: global },
  )
  expect(data.node.progress).toEqual({ total: size, succeeded: run.succeeded, failed: run.failed })
  expect(data.node.stats.scores).toEqual([{ name: 'answered', count: run.succeeded, missingCount: run.failed }])
  expect(data.node.items.nodes).toHaveLength(run.failed)
})
