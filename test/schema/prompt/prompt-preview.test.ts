import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { setEndpointLimit } from '../../../src/engine/limits/set-endpoint-limit.ts'
import { createPrompt, setPromptArchived, updatePrompt } from '../../../src/engine/prompts/prompts.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { type ModelServer, startModelServer } from '../../helpers/model-server/model-server.ts'
import { seedProvider } from '../../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer

beforeAll(async () => {
  const tasks = [{ name: 'add', run: ({ a, b }: { a: number; b: number }) => a + b }]
  t = await startTestServer({ tasks }, { open: true })
  const content = (text: string) => ({ messages: [{ role: 'USER', content: text }] })
  const { id } = await createPrompt(t.services, t.scope, {
    name: 'ask',
    content: content('v1 {{q}}'),
    labels: ['stable'],
  })
  await updatePrompt(t.services, t.scope, { id, content: content('v2 {{q}}') })
  const old = await createPrompt(t.services, t.scope, { name: 'old', content: content('x') })
  await setPromptArchived(t.services, t.scope, { id: old.id, archived: true })
})
afterAll(() => t[Symbol.asyncDispose]())

const document = `mutation($input: PreviewPromptInput!) { previewPrompt(input: $input) {
  ... on PreviewPromptPayload {
    prompt { version label name prompt { name } promptVersion { version } content { messages { content } } }
    messages { role parts {
      ... on TextPart { text } ... on FilePart { url attachmentId mediaType filename }
      ... on ToolCallPart { callId name arguments } ... on ToolResultPart { callId name output }
    } }
    answer { output latencyMs costUsd inputTokens outputTokens generation { model steps } }
    error { code message }
  }
  ... on UserError { code path message }
} }`

async function preview(input: object) {
  const { data, errors } = await t.query(document, { input })
  if (errors) throw new Error(JSON.stringify(errors))
  return data.previewPrompt
}

test.each([
  [{ name: 'ask' }, 'v2 hi', 2],
  [{ name: 'ask', version: 1 }, 'v1 hi', 1],
  [{ name: 'ask', label: 'stable' }, 'v1 hi', 1],
])('%j is rendered in the version that it refers to', async (prompt, text, version) => {
  expect(await preview({ prompt: { prompt }, input: { q: 'hi' } })).toMatchObject({
    prompt: { name: 'ask', version, prompt: { name: 'ask' }, promptVersion: { version } },
    messages: [{ role: 'USER', parts: [{ text }] }],
    error: null,
  })
})

test('an item is rendered with its newest content', async () => {
  const datasetId = await seedDataset(t, [{ q: 'from an item' }])
  const { id } = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId } })
  const itemId = encodeGlobalId('DatasetItem', String(id))
  expect(await preview({ prompt: { prompt: { name: 'ask' } }, itemId })).toMatchObject({
    messages: [{ parts: [{ text: 'v2 from an item' }] }],
  })
  expect(await preview({ prompt: { prompt: { name: 'ask' } }, itemId, input: 1 })).toMatchObject({
    ...{ code: 'INVALID_INPUT', path: ['input', 'itemId'] },
  })
  const missing = encodeGlobalId('DatasetItem', '999999')
  expect(await preview({ prompt: { prompt: { name: 'ask' } }, itemId: missing })).toMatchObject({
    ...{ code: 'NOT_FOUND', path: ['input', 'itemId'] },
  })
})

test('a chat with files and tool calls is shown as its messages and parts', async () => {
  const input = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'See' },
        { type: 'image', image: { $file: 'abc' } },
      ],
    },
    { role: 'assistant', tool_calls: [{ id: 'c1', function: { name: 'look', arguments: '{"n":1}' } }] },
    { role: 'tool', tool_call_id: 'c1', content: 'done' },
  ]
  const content = {
    messages: [
      { role: 'SYSTEM', content: 'Be brief.' },
      { role: 'USER', content: '{{input}}' },
    ],
  }
  expect(await preview({ prompt: { content }, input })).toMatchObject({
    prompt: { name: null, prompt: null, version: null, promptVersion: null, content: { messages: [{}, {}] } },
    messages: [
      { role: 'SYSTEM', parts: [{ text: 'Be brief.' }] },
      { role: 'USER', parts: [{ text: 'See' }, { url: null, attachmentId: 'abc', mediaType: null, filename: null }] },
      { role: 'ASSISTANT', parts: [{ callId: 'c1', name: 'look', arguments: { n: 1 } }] },
      { role: 'TOOL', parts: [{ callId: 'c1', name: 'look', output: 'done' }] },
    ],
  })
})

test('a variable without a value is an error that names it', async () => {
  expect(await preview({ prompt: { prompt: { name: 'ask' } }, input: { question: 1 } })).toMatchObject({
    messages: [],
    error: { code: 'VARIABLE_MISSING', message: expect.stringContaining('{{q}}') },
  })
})

test.each([
  [{ name: 'nobody' }, 'NOT_FOUND', ['prompt', 'name'], 'There is no prompt "nobody" in this project.'],
  [{ name: 'ask', version: 3 }, 'NOT_FOUND', ['prompt', 'version'], 'Prompt "ask" has no version 3; its newest is 2.'],
  [
    { name: 'ask', label: 'prod' },
    'NOT_FOUND',
    ['prompt', 'label'],
    'Prompt "ask" has no label "prod"; it has stable.',
  ],
  [
    { name: 'ask', version: 1, label: 'stable' },
    'INVALID_INPUT',
    ['prompt'],
    'prompt.prompt: expected a version or a label',
  ],
  [{ name: 'old' }, 'CONFLICT', ['prompt', 'name'], 'Prompt "old" is archived. Restore it first.'],
])('%j is refused by its place', async (prompt, code, path, message) => {
  expect(await preview({ prompt: { prompt }, input: {} })).toMatchObject({
    ...{ code, path: ['input', 'prompt', ...path], message: expect.stringContaining(message) },
  })
})

describe('with a call', () => {
  let server: ModelServer
  let reply: Promise<void> = Promise.resolve()
  beforeAll(async () => {
    server = await startModelServer(async ({ prompt, body }) => {
      if (prompt.includes('slow')) await reply
      if (body.tools?.length > 0 && !JSON.stringify(body).includes('function_call_output')) {
        return { toolCalls: [{ id: 'c1', name: 'sum', arguments: { a: 2, b: 40 } }] }
      }
      return prompt.includes('too much')
        ? {
            status: 429,
            type: 'insufficient_quota',
            code: 'insufficient_quota',
            message: 'You exceeded your current quota.',
          }
        : { text: `answer to: ${prompt}`, usage: { input: 100, output: 20 } }
    })
    await seedProvider(t, server.openai)
  })
  afterAll(() => server.stop())

  const call = { provider: 'test', model: 'gpt-4o-mini', parameters: { temperature: 0.5 } }

  const ask = (q: string) => ({ prompt: { prompt: { name: 'ask' } }, input: { q }, call })

  test('needs a worker, and says so', async () => {
    await t.db.pool.query('DELETE FROM worker')
    expect(await preview(ask('hi'))).toMatchObject({
      messages: [{ parts: [{ text: 'v2 hi' }] }],
      answer: null,
      error: { code: 'TASK_FAILED', message: expect.stringContaining('no worker is running') },
    })
    const worker = await t.startWorker()
    await worker.announced
  })

  test('calls functions as tools, where a worker has them', async () => {
    const tool = (module: string) => ({ name: 'sum', inputSchema: { type: 'object' }, function: { module } })
    const content = (module: string) => ({ messages: [{ role: 'USER', content: '{{q}}' }], tools: [tool(module)] })
    expect(await preview({ ...ask('hi'), prompt: { content: content('add') } })).toMatchObject({
      answer: { output: { trajectory: [{}, { role: 'tool', result: 42 }, {}] }, generation: { steps: 2 } },
    })
    expect(await preview({ ...ask('hi'), prompt: { content: content('gone') } })).toMatchObject({
      error: { code: 'MODULE_NOT_FOUND', message: 'No worker has all functions of the tools: gone.' },
    })
  })

  test('keeps to the limits of the model', async () => {
    await setEndpointLimit(t.services, t.scope, { endpoint: 'provider:test/gpt-4o-mini', concurrency: 1 })
    const held = Promise.withResolvers<void>()
    reply = held.promise
    const [first, second] = [preview(ask('slow one')), preview(ask('slow two'))]
    const before = server.requests.length
    await expect.poll(() => server.requests.length).toBe(before + 1)
    const request = t.db.pool.query('SELECT FROM evaluator_preview WHERE worker_id IS NOT NULL')
    expect((await request).rowCount).toBe(2)
    expect(server.open).toBe(1)
    held.resolve()
    for (const done of [await first, await second]) expect(done).toMatchObject({ error: null })
    expect(server.requests.length).toBe(before + 2)
    await setEndpointLimit(t.services, t.scope, { endpoint: 'provider:test/gpt-4o-mini', concurrency: 50 })
  })

  test('ends with its client', async () => {
    reply = new Promise(() => {})
    const abort = new AbortController()
    const asking = fetch(`${t.url}/graphql`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, signal: abort.signal },
      body: JSON.stringify({ query: document, variables: { input: ask('slow') } }),
    })
    await expect.poll(() => server.open).toBe(1)
    abort.abort()
    await expect(asking).rejects.toThrow()
    await expect.poll(() => server.open).toBe(0)
  })

  test('the model answers what was rendered, with its cost', async () => {
    expect(await preview({ prompt: { prompt: { name: 'ask' } }, input: { q: 'hi' }, call })).toMatchObject({
      messages: [{ parts: [{ text: 'v2 hi' }] }],
      answer: {
        ...{
          output: expect.stringContaining('v2 hi'),
          latencyMs: expect.any(Number),
          inputTokens: 100,
          outputTokens: 20,
        },
        generation: { steps: 1 },
      },
      error: null,
    })
    expect(server.requests.at(-1)?.body).toMatchObject({ temperature: 0.5 })
  })

  test('a call that fails keeps what was rendered, and says why', async () => {
    expect(await preview({ prompt: { prompt: { name: 'ask' } }, input: { q: 'too much' }, call })).toMatchObject({
      messages: [{ parts: [{ text: 'v2 too much' }] }],
      answer: null,
      error: { code: 'QUOTA_EXHAUSTED' },
    })
  })

  test('nothing is called with what cannot be rendered, or through no provider', async () => {
    const before = server.requests.length
    expect(await preview({ prompt: { prompt: { name: 'ask' } }, input: {}, call })).toMatchObject({
      answer: null,
      error: { code: 'VARIABLE_MISSING' },
    })
    const other = { ...call, provider: 'other' }
    expect(await preview({ prompt: { prompt: { name: 'ask' } }, input: { q: 1 }, call: other })).toEqual({
      ...{ code: 'NOT_FOUND', path: ['input', 'call', 'provider'] },
      message: 'There is no provider "other" in this project; it has test.',
    })
    expect(server.requests).toHaveLength(before)
  })
})
