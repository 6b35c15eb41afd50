/** Prompts whose models call functions and endpoints, executed as runs. */
import { afterAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { FunctionsUnavailableError } from '../../../src/domain/execution/functions.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import type { RunSettings } from '../../../src/domain/run.ts'
import { setEndpointLimit } from '../../../src/engine/limits/set-endpoint-limit.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { parseHttpTask } from '../../../src/tasks/http.ts'
import { compileCall } from '../../../src/tasks/registry.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { startModelEndpoint } from '../../helpers/model-endpoint.ts'
import { type Answering, startModelServer } from '../../helpers/model-server/model-server.ts'
import { promptTask, seedProvider } from '../../helpers/prompt-task.ts'

let answering: Answering = () => ({ text: '' })
let otherItem: Promise<void> = Promise.resolve()
let away = 0
const server = await startModelServer((request) => answering(request))
const t = await createTestEngine({
  tasks: [
    { name: 'add', run: ({ a, b }: { a: number; b: number }) => a + b },
    { name: 'wait', run: () => otherItem.then(() => 42) },
    {
      name: 'away',
      run: () => {
        if (away-- > 0) throw new FunctionsUnavailableError('no process')
        return 42
      },
    },
  ],
})
await seedProvider(t, server.openai)
await t.startWorker()
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await server.stop()
})
beforeEach(() => {
  server.requests.length = 0
})

async function execute(inputs: Json[], task = promptTask(), settings: Partial<RunSettings> = {}) {
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), task, settings)
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { items, run } = await followRun(t, id)
  return { run, items: [...items.values()].sort((a, b) => a.ordinal - b.ordinal) }
}

const answer = (text: string) => ({ text, usage: { input: 1_000, cached: 400, output: 200 } })
const callOf = (id: string) => ({ toolCalls: [{ id, name: 'sum', arguments: { a: 2, b: 40 } }] })
const sum = { name: 'sum', inputSchema: { type: 'object' } }

it('calls functions of the config as tools', async () => {
  answering = ({ body }) => (JSON.stringify(body).includes('function_call_output') ? answer('42') : callOf('c1'))
  const { items } = await execute(['?'], promptTask({}, { tools: [{ ...sum, function: { module: 'add' } }] }))
  expect(items[0]?.output).toMatchObject({ answer: '42', trajectory: [{}, { role: 'tool', result: 42 }, {}] })
})

it('calls HTTP endpoints as tools, and tells the model of one that fails', async () => {
  const endpoint = await startModelEndpoint((path, question) => (path === 'sum' ? `${question}!` : undefined))
  onTestFinished(() => endpoint.close())
  answering = ({ body }) => {
    const results = JSON.stringify(body).match(/function_call_output/g)?.length ?? 0
    const name = ['sum', 'gone'][results]
    return name ? { toolCalls: [{ id: `c${results}`, name, arguments: { question: 'six' } }] } : answer('done')
  }
  const bound = (name: string) => {
    const http = parseHttpTask({ kind: 'http', url: `${endpoint.url}/${name}`, body: '{{input}}' }, [])
    return { ...sum, name, function: { http } }
  }
  const { items } = await execute(['?'], promptTask({}, { tools: [bound('sum'), bound('gone')] }))
  expect(items[0]?.output).toMatchObject({
    answer: 'done',
    trajectory: [
      { toolCalls: [{ name: 'sum', arguments: { question: 'six' } }] },
      { role: 'tool', result: { solution: 'six!' } },
      { toolCalls: [{ name: 'gone' }] },
      { role: 'tool', error: expect.stringContaining('404') },
      { role: 'assistant', content: 'done' },
    ],
  })
})

it.each([true, false])('holds the conversation again when a function has no process (stream: %s)', async (stream) => {
  away = 1
  const usage = { input: 1_000, output: 200 }
  answering = ({ body }) =>
    JSON.stringify(body).includes('function_call_output') ? { text: '42', usage } : { ...callOf('c1'), usage }
  const tools = [{ ...sum, function: { module: 'away' } }]
  const { items } = await execute(['?'], promptTask({ stream }, { tools }), { maxAttempts: 1 })
  expect(items[0]).toMatchObject({
    status: 'SUCCEEDED',
    output: { answer: '42', trajectory: [{}, { role: 'tool', result: 42 }, {}] },
    // The request before the function was called in vain has been paid for too.
    inputTokens: 3_000,
    outputTokens: 600,
  })
  expect(server.requests).toHaveLength(3)
})

it('counts every request of a conversation with tools towards the limit a minute', async () => {
  const arrivals: number[] = []
  const begunAt = performance.now()
  answering = ({ body }) => {
    arrivals.push(performance.now() - begunAt)
    const results = JSON.stringify(body).match(/function_call_output/g)?.length ?? 0
    return results < 3 ? callOf(`c${results}`) : answer('42')
  }
  await setEndpointLimit(t.services, t.scope, { endpoint: 'provider:test/paced', requestsPerMinute: 100 })
  const tools = [{ ...sum, function: { module: 'add' } }]
  const { items } = await execute(['?'], promptTask({ model: 'paced' }, { tools }), { timeoutMs: 1_500 })
  expect(items[0]).toMatchObject({ status: 'SUCCEEDED', generation: { steps: 4 } })
  // A start every 600 ms.
  for (const [n, at] of arrivals.entries()) expect(at).toBeGreaterThan(n * 600 - 50)
  // Neither its time limit nor its latency counts the waits, which take 1,800 ms.
  expect(items[0]?.latencyMs).toBeLessThan(1_500)
})

it('holds no call of the model while a tool runs', async () => {
  const second = Promise.withResolvers<void>()
  let most = 0
  answering = ({ body, prompt }) => {
    most = Math.max(most, server.open)
    if (prompt === 'b') second.resolve()
    return JSON.stringify(body).includes('function_call_output') || prompt === 'b' ? answer('42') : callOf('c1')
  }
  otherItem = second.promise
  await setEndpointLimit(t.services, t.scope, { endpoint: 'provider:test/single', concurrency: 1 })
  const tools = [{ ...sum, function: { module: 'wait' } }]
  const task = promptTask({ model: 'single' }, { tools })
  const { run } = await execute(['a', 'b'], task, { concurrency: 2, timeoutMs: 5_000, maxAttempts: 1 })
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 2 })
  expect(most).toBe(1)
})

it('makes another call of the same item when a function of a tool has changed', () => {
  const callWith = (hash: string) => {
    const task = promptTask({}, { tools: [{ ...sum, function: { module: 'add' } }] })
    const item = { id: 'i', key: null, input: 1, expectedOutput: null, metadata: null, tags: [], repetition: 0 }
    return compileCall(task, { add: hash })(item)
  }
  expect(callWith('one')).toEqual(callWith('one'))
  expect(callWith('one')).not.toEqual(callWith('another'))
})
