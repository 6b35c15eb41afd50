import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import type { Json } from '../../../src/domain/json/json.ts'
import type { Generation } from '../../../src/domain/model/generation.ts'
import type { RunSettings } from '../../../src/domain/run.ts'
import { setEndpointLimit } from '../../../src/engine/limits/set-endpoint-limit.ts'
import { setModelPrice } from '../../../src/engine/providers/model-prices.ts'
import { createProvider, deleteProvider, updateProvider } from '../../../src/engine/providers/providers.ts'
import { testProvider } from '../../../src/engine/providers/test-provider.ts'
import { cancelRun } from '../../../src/engine/runs/cancel-run.ts'
import { resumeRun } from '../../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, followRun, seedDataset, seedExperiment, type TestEngine } from '../../helpers/engine.ts'
import { testKey } from '../../helpers/model-call.ts'
import { type Answering, type ModelServer, startModelServer } from '../../helpers/model-server/model-server.ts'
import { promptTask, seedProvider } from '../../helpers/prompt-task.ts'

let t: TestEngine
let server: ModelServer
let answering: Answering
let providerId: string

beforeAll(async () => {
  t = await createTestEngine()
  server = await startModelServer((request) => answering(request))
  providerId = (await seedProvider(t, server.openai)).id
  await t.startWorker()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await server.stop()
})
beforeEach(() => {
  server.requests.length = 0
})

async function start(inputs: Json[], task = promptTask(), settings: Partial<RunSettings> = {}) {
  const experimentId = await seedExperiment(t, await seedDataset(t, inputs), task, settings)
  return startRun(t.services, t.scope, { experimentId })
}

async function execute(...call: Parameters<typeof start>) {
  const { id } = await start(...call)
  const { items, run } = await followRun(t, id)
  return { run, items: [...items.values()].sort((a, b) => a.ordinal - b.ordinal) }
}

const answer = (text: string) => ({ text, usage: { input: 1_000, cached: 400, output: 200 } })
const costOfAnswer = (600 * 0.15 + 400 * 0.075 + 200 * 0.6) / 1e6

it('executes items with usage, cost, price and timing', async () => {
  answering = ({ prompt }) => answer(`about ${prompt}`)
  const { run, items } = await execute(['cats', 'dogs', 'owls'])
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 3, inputTokens: 3_000n, outputTokens: 600n })
  expect(run.costSum).toBeCloseTo(3 * costOfAnswer, 12)
  expect(items.map(({ output }) => output).sort()).toEqual(['about cats', 'about dogs', 'about owls'])
  for (const { costUsd, generation } of items) {
    expect(costUsd).toBeCloseTo(costOfAnswer, 12)
    expect(generation).toMatchObject({
      model: 'gpt-4o-mini',
      price: { source: 'TABLE', prices: { input: 0.15 } },
      firstTokenMs: expect.any(Number),
      tokensPerSecond: expect.any(Number),
    } satisfies Partial<Generation> | object)
  }
})

it('counts with the prices that the project had when the run started', async () => {
  answering = () => answer('yes')
  await setModelPrice(t.services, t.scope, { providerId, model: 'of-the-house', input: 10, output: 20 })
  const { items } = await execute(['?'], promptTask({ model: 'of-the-house' }))
  expect(items[0]?.costUsd).toBeCloseTo((1_000 * 10 + 200 * 20) / 1e6, 12)
  expect(items[0]?.generation).toMatchObject({ price: { source: 'OVERRIDE', prices: { input: 10, output: 20 } } })
})

it('says of a key in a variable that it cannot be sent, without the key', async () => {
  const env = { BROKEN_API_KEY: 'sk-0123456789\nabcdef' }
  const input = { name: 'broken', kind: 'OPENAI_COMPATIBLE' as const, baseUrl: server.openai }
  const provider = await createProvider(t.services, t.scope, { ...input, apiKeyVariable: 'BROKEN_API_KEY' })
  const called = { id: provider.id, model: 'gpt-4o-mini' }
  const { problem, message } = await testProvider({ ...t.services, env }, t.scope, called)
  expect(problem).toBe('KEY')
  expect(message).toContain('BROKEN_API_KEY')
  expect(message).not.toContain('0123456789')
})

it('waits as long as the provider asks, without spending attempts', async () => {
  answering = ({ attempt }) =>
    attempt <= 2
      ? { status: 429, type: 'rate_limit', message: 'Slow down', headers: { 'retry-after-ms': '150' } }
      : answer('now')
  const { run } = await execute(['a'], promptTask({ model: 'limited' }), { maxAttempts: 1 })
  expect(run).toMatchObject({ status: 'COMPLETED', succeeded: 1, failed: 0 })
  const item = await t.db.prisma.runItem.findFirstOrThrow({ where: { runId: run.id } })
  expect(item).toMatchObject({ attempts: 3, excused: 2 })
})

it('fails an item whose prompt lacks a variable, and calls nothing', async () => {
  answering = () => answer('yes')
  const task = promptTask({}, { messages: [{ role: 'USER', content: 'About {{topic.name}}' }] })
  const { items } = await execute([{ topic: {} }], task)
  expect(items[0]?.error).toMatchObject({ code: 'VARIABLE_MISSING', message: expect.stringContaining('topic.name') })
  expect(server.requests).toHaveLength(0)
})

it('counts what failed answers cost, too', async () => {
  answering = () => answer('not JSON')
  const task = promptTask({}, { output: { schema: { type: 'object' } } })
  const { run, items } = await execute(['a'], task, { maxAttempts: 2 })
  expect(items[0]).toMatchObject({ status: 'FAILED', error: { code: 'INVALID_OUTPUT' }, attempts: 2 })
  expect(run.costSum).toBeCloseTo(2 * costOfAnswer, 12)
})

it('stops the run when the key is refused, fails nothing, and goes on with the right key', async () => {
  const right = 'sk-right-0123456789'
  answering = ({ headers }) =>
    headers.authorization === `Bearer ${right}`
      ? answer('yes')
      : { status: 401, type: 'invalid_request_error', code: 'invalid_api_key', message: 'Incorrect API key provided' }
  const { run } = await execute(Array.from({ length: 40 }, (_, n) => n))
  expect(run).toMatchObject({ status: 'STOPPED', stopReason: 'PROVIDER', failed: 0, cancelled: 40 })
  expect(run.stopMessage).toContain('Incorrect API key provided')
  expect(run.stopMessage).toContain('correct the key of the provider')

  await updateProvider(t.services, t.scope, { id: providerId, apiKey: right })
  onTestFinished(async () => void (await updateProvider(t.services, t.scope, { id: providerId, apiKey: testKey })))
  await resumeRun(t.services, t.scope, run.id)
  expect((await followRun(t, run.id)).run).toMatchObject({
    status: 'COMPLETED',
    succeeded: 40,
    stopReason: null,
    stopMessage: null,
  })
})

it.each([
  ['an exhausted quota', { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', message: 'Exceeded' }],
  ['an unknown model', { status: 404, type: 'x', code: 'model_not_found', message: 'The model does not exist' }],
])('stops the run at %s', async (_what, refusal) => {
  answering = () => refusal
  const { run } = await execute([1, 2, 3])
  expect(run).toMatchObject({ status: 'STOPPED', stopReason: 'PROVIDER', failed: 0, cancelled: 3 })
  expect(run.stopMessage).toContain(refusal.message)
})

it('stops the run when the provider is gone, or its variable is not set', async () => {
  answering = () => answer('yes')
  const { id } = await seedProvider(t, server.openai, { name: 'gone' })
  await deleteProvider(t.services, t.scope, id)
  const gone = await execute([1], promptTask({ provider: 'gone' }))
  expect(gone.run).toMatchObject({ status: 'STOPPED', stopMessage: expect.stringContaining('no provider "gone"') })

  const other = await seedProvider(t, server.openai, { name: 'variable' })
  await updateProvider(t.services, t.scope, { id: other.id, apiKeyVariable: 'NOT_SET_API_KEY' })
  const unset = await execute([1], promptTask({ provider: 'variable' }))
  expect(unset.run.stopMessage).toContain('NOT_SET_API_KEY, which is not set in this process')
  await updateProvider(t.services, t.scope, { id: other.id, apiKeyVariable: 'TEST_API_KEY' })
  expect((await execute([1], promptTask({ provider: 'variable' }))).run).toMatchObject({ succeeded: 1 })
})

it('ends the calls of a cancelled run', async () => {
  answering = () => ({ text: 'one two three', partMs: 60_000 })
  const { id } = await start(
    Array.from({ length: 20 }, (_, n) => n),
    promptTask(),
    { concurrency: 20 },
  )
  await expect.poll(() => server.open).toBe(20)
  await cancelRun(t.services, t.scope, id)
  await expect.poll(() => server.open).toBe(0)
})

it('spends no more than the budget and the calls in flight', async () => {
  answering = () => ({ ...answer('yes'), delayMs: 5 })
  const budgetUsd = 20.5 * costOfAnswer
  const settings = { budgetUsd, concurrency: 5 }
  const { run } = await execute(
    Array.from({ length: 100 }, (_, n) => n),
    promptTask(),
    settings,
  )
  expect(run).toMatchObject({ status: 'STOPPED', stopReason: 'BUDGET' })
  expect(run.costSum).toBeLessThanOrEqual(budgetUsd + 5 * costOfAnswer)
  expect(run.costSum).toBeCloseTo(server.requests.length * costOfAnswer, 12)
})

it('takes answers from the cache, with how they were made', async () => {
  answering = () => answer('yes')
  const first = await execute(['same'], promptTask(), { cache: true })
  const second = await execute(['same'], promptTask({ nextTokenTimeoutMs: 5_000 }), { cache: true })
  expect(server.requests).toHaveLength(1)
  expect(second.items[0]).toMatchObject({ cached: true, output: 'yes', generation: first.items[0]?.generation })
  await execute(['same'], promptTask({ parameters: { temperature: 1 } }), { cache: true })
  expect(server.requests).toHaveLength(2)
})

it('keeps to the limits of the model behind its provider', async () => {
  let most = 0
  answering = () => {
    most = Math.max(most, server.open)
    return { ...answer('yes'), delayMs: 20 }
  }
  await setEndpointLimit(t.services, t.scope, { endpoint: 'provider:test/narrow', concurrency: 2 })
  await execute(
    Array.from({ length: 12 }, (_, n) => n),
    promptTask({ model: 'narrow' }),
    { concurrency: 10 },
  )
  expect(most).toBe(2)
})
