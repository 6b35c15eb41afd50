import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { TaskError } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { type CallOptions, call, testKey } from '../helpers/model-call.ts'
import { type Answering, type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'

let answering: Answering = () => ({ text: '' })
const server: ModelServer = await startModelServer((request) => answering(request), {
  models: ['gpt-4o-mini', 'claude-sonnet-4-5'],
})
afterAll(() => server.stop())
beforeEach(() => {
  server.requests.length = 0
})

const kinds: [string, CallOptions][] = (['OPENAI_COMPATIBLE', 'OPENAI', 'ANTHROPIC'] as const).flatMap((kind) => {
  const model = kind === 'ANTHROPIC' ? 'claude-sonnet-4-5' : 'gpt-4o-mini'
  return [true, false].map((stream): [string, CallOptions] => [
    `${kind}${stream ? ', streamed' : ''}`,
    { kind, model, stream },
  ])
})

async function failureOf(options: CallOptions): Promise<TaskError> {
  const outcome = await call(server, options).catch((error: unknown) => error)
  if (outcome instanceof TaskError) return outcome
  throw new Error(`expected a TaskError, got ${JSON.stringify(outcome)}`)
}

describe.each(kinds)('%s', (_name, kind) => {
  it('answers with the text, its usage and how it was made', async () => {
    answering = () => ({
      text: 'Hello there, you.',
      usage: { input: 1_000, cached: 400, output: 200, reasoning: 0 },
    })
    const result = await call(server, kind)
    expect(result).toMatchObject({ output: 'Hello there, you.', inputTokens: 1_000, outputTokens: 200 })
    expect(result.generation).toMatchObject({
      model: kind.model,
      finishReason: 'STOP',
      usage: { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 200 },
      steps: 1,
    })
    const timed = kind.stream ? expect.any(Number) : null
    expect(result.generation).toMatchObject({ firstTokenMs: timed, tokensPerSecond: timed })
  })

  it('sends the prompt and its parameters, under the key of the provider', async () => {
    answering = () => ({ text: 'yes' })
    await call(server, { ...kind, parameters: { temperature: 0.25, maxOutputTokens: 32 } })
    const [sent] = server.requests
    expect(sent).toMatchObject({ model: kind.model, prompt: 'Hello?', stream: kind.stream })
    expect(sent?.body.temperature).toBe(0.25)
    expect(sent?.body.max_tokens ?? sent?.body.max_output_tokens).toBe(32)
    const header = kind.kind === 'ANTHROPIC' ? sent?.headers['x-api-key'] : sent?.headers.authorization
    expect(header).toBe(kind.kind === 'ANTHROPIC' ? testKey : `Bearer ${testKey}`)
  })

  it('follows the text while it comes, and ends with the same', async () => {
    answering = () => ({ text: 'one two three four' })
    const parts: string[] = []
    const result = await call(server, { ...kind, context: { follow: (text) => parts.push(text) } })
    expect(parts.join('')).toBe(kind.stream ? result.output : '')
    if (kind.stream) expect(parts.length).toBeGreaterThan(1)
  })

  it('returns structured output, and refuses what does not satisfy the schema', async () => {
    const schema = {
      type: 'object',
      properties: { label: { enum: ['good', 'bad'] } },
      required: ['label'],
      additionalProperties: false,
    }
    answering = ({ prompt }) => ({
      text: prompt === 'ok' ? '{"label": "good"}' : prompt === 'no' ? 'Well,' : '{"label": "so"}',
    })
    expect((await call(server, { ...kind, schema, prompt: 'ok' })).output).toEqual({ label: 'good' })
    const notJson = await failureOf({ ...kind, schema, prompt: 'no' })
    expect(notJson).toMatchObject({ code: 'INVALID_OUTPUT', retryable: true })
    expect(notJson.message).toContain('got Well,')
    const wrong = await failureOf({ ...kind, schema, prompt: 'wrong' })
    expect(wrong).toMatchObject({ code: 'INVALID_OUTPUT', spent: { inputTokens: 10, outputTokens: 5 } })
    expect(wrong.message).toMatch(/\/label must be equal to one of the allowed values/)
  })

  it('calls tools until the model answers, and records what they returned', async () => {
    answering = ({ body }) => {
      const messages = (body.messages ?? body.input) as { role?: string; type?: string; content?: Json }[]
      const calls = JSON.stringify(messages).match(/sum is/g)?.length ?? 0
      if (calls === 0) return { toolCalls: [{ id: 'call_1', name: 'add', arguments: { a: 2, b: 40 } }] }
      return { text: 'It is 42.' }
    }
    const result = await call(server, {
      ...kind,
      maxSteps: 5,
      tools: [
        {
          name: 'add',
          description: 'Adds.',
          inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
          run: async (input) => {
            const { a, b } = input as { a: number; b: number }
            return { text: `sum is ${a + b}` }
          },
        },
      ],
    })
    expect(result.output).toEqual({
      answer: 'It is 42.',
      trajectory: [
        { role: 'assistant', content: '', toolCalls: [{ id: 'call_1', name: 'add', arguments: { a: 2, b: 40 } }] },
        { role: 'tool', id: 'call_1', name: 'add', result: { text: 'sum is 42' } },
        { role: 'assistant', content: 'It is 42.', toolCalls: [] },
      ],
    })
    expect(result).toMatchObject({ inputTokens: 20, outputTokens: 10, generation: { steps: 2 } })
  })

  it('ends with the calls of a tool that nothing is bound to, and at the limit of steps', async () => {
    answering = () => ({ toolCalls: [{ id: 'call_1', name: 'look', arguments: { at: 'it' } }] })
    const tool = { name: 'look', inputSchema: { type: 'object' } }
    const unbound = await call(server, { ...kind, maxSteps: 5, tools: [tool] })
    expect(unbound.output).toMatchObject({ answer: '', trajectory: [{ toolCalls: [{ name: 'look' }] }] })
    expect(server.requests).toHaveLength(1)
    await call(server, { ...kind, maxSteps: 3, tools: [{ ...tool, run: async () => 'nothing' }] })
    expect(server.requests).toHaveLength(4)
  })

  it('tells the model that a tool failed, and goes on', async () => {
    answering = ({ body }) =>
      JSON.stringify(body).includes('no such file')
        ? { text: 'Sorry.' }
        : { toolCalls: [{ id: 'call_1', name: 'read', arguments: {} }] }
    const run = () => Promise.reject(new Error('no such file'))
    const result = await call(server, {
      ...kind,
      maxSteps: 5,
      tools: [{ name: 'read', inputSchema: { type: 'object' }, run }],
    })
    expect(result.output).toMatchObject({
      answer: 'Sorry.',
      trajectory: [{}, { role: 'tool', name: 'read', error: 'no such file' }, {}],
    })
  })

  it.each([
    [
      'a key that is refused',
      { status: 401, type: 'authentication_error', code: 'invalid_api_key', message: 'Incorrect' },
      'AUTHENTICATION_FAILED',
      true,
    ],
    [
      'a key that may not',
      { status: 403, type: 'permission_error', message: 'Your key has no access' },
      'AUTHENTICATION_FAILED',
      true,
    ],
    [
      'a used-up quota',
      {
        status: 429,
        type: 'insufficient_quota',
        code: 'insufficient_quota',
        message: 'You exceeded your current quota',
      },
      'QUOTA_EXHAUSTED',
      true,
    ],
    [
      'missing credit',
      { status: 400, type: 'invalid_request_error', message: 'Your credit balance is too low' },
      'QUOTA_EXHAUSTED',
      true,
    ],
    [
      'an unknown model',
      { status: 404, type: 'not_found_error', code: 'model_not_found', message: 'The model `x` does not exist' },
      'MODEL_NOT_FOUND',
      true,
    ],
    [
      'a prompt that is too long',
      {
        status: 400,
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
        message: "This model's maximum context length is 8192 tokens",
      },
      'CONTEXT_LENGTH',
      false,
    ],
    [
      'a filtered prompt',
      { status: 400, type: 'invalid_request_error', code: 'content_filter', message: 'content management policy' },
      'CONTENT_FILTERED',
      false,
    ],
    [
      'a bad request',
      { status: 400, type: 'invalid_request_error', message: 'temperature is not supported' },
      'HTTP_STATUS',
      false,
    ],
  ] as const)('does not repeat after %s', async (_what, refusal, code, stopsRun) => {
    answering = () => refusal
    const failure = await failureOf(kind)
    expect(failure).toMatchObject({ code, retryable: false, stopsRun })
    expect(failure.message).toContain(refusal.message)
    expect(server.requests).toHaveLength(1)
  })

  it.each([
    ['a rate limit with Retry-After', { 'retry-after': '7' }, 7_000],
    ['a rate limit with retry-after-ms', { 'retry-after-ms': '250' }, 250],
    ['a rate limit of OpenAI', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m2.5s' }, 62_500],
    ['a rate limit without a time', {}, null],
  ])('may repeat after %s', async (_what, headers, retryAfterMs) => {
    answering = () => ({
      status: 429,
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: 'Slow down',
      headers,
    })
    expect(await failureOf(kind)).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      overloaded: true,
      retryAfterMs,
    })
  })

  it.each([500, 503, 529])('may repeat after %i', async (status) => {
    answering = () => ({ status, type: 'overloaded_error', message: 'Overloaded' })
    expect(await failureOf(kind)).toMatchObject({ code: 'HTTP_STATUS', retryable: true, stopsRun: false })
  })

  it('may repeat after an answer that cannot be read, or that is cut', async () => {
    answering = () => ({ raw: '{"choices": [{"mess' })
    expect(await failureOf(kind)).toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: true })
    answering = () => ({ text: 'one two three', cutAfter: 1 })
    expect(await failureOf(kind)).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true })
  })

  it('does not count a filtered answer as one', async () => {
    answering = () => ({ text: 'How to', finish: 'content_filter' })
    expect(await failureOf(kind)).toMatchObject({ code: 'CONTENT_FILTERED', retryable: false })
  })

  it('keeps an answer that was cut at the maximum of tokens, and says so', async () => {
    answering = () => ({ text: 'Once upon', finish: 'length' })
    const result = await call(server, kind)
    expect(result).toMatchObject({ output: 'Once upon', generation: { finishReason: 'LENGTH' } })
  })

  it('ends the request when it is aborted', async () => {
    answering = () => ({ text: 'one two three', partMs: 10_000, delayMs: kind.stream ? 0 : 10_000 })
    const controller = new AbortController()
    const running = call(server, { ...kind, context: { signal: controller.signal } }).catch((error: unknown) => error)
    await expect.poll(() => server.open).toBe(1)
    controller.abort(new Error('cancelled'))
    await running
    await expect.poll(() => server.open, { timeout: 1_000 }).toBe(0)
  })

  it('asks to wait when the headers say that the limit is used up', async () => {
    answering = () => ({
      text: 'yes',
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' },
    })
    expect((await call(server, kind)).pauseMs).toBe(120)
  })
})

it('ends a stream that stalls, before the whole call times out', async () => {
  answering = () => ({ text: 'one two three', stallAfter: 2 })
  const failure = await failureOf({ nextTokenTimeoutMs: 50 })
  expect(failure).toMatchObject({
    code: 'TIMEOUT',
    retryable: true,
    message: expect.stringContaining('No further token within 50 ms.'),
  })
  answering = () => ({ text: 'one', stallAfter: 0 })
  const first = await failureOf({ firstTokenTimeoutMs: 50 })
  expect(first).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('No token within 50 ms.') })
})

it('keeps reasoning apart from the answer', async () => {
  answering = () => ({ text: 'Yes.', reasoning: 'Let me see.', usage: { input: 5, output: 30, reasoning: 20 } })
  for (const stream of [true, false]) {
    const { output, generation } = await call(server, { stream })
    expect(output).toBe('Yes.')
    expect(generation).toMatchObject({ reasoning: 'Let me see.', usage: { outputTokens: 30, reasoningTokens: 20 } })
  }
})

it('leaves unknown usage null', async () => {
  answering = () => ({ text: 'Yes.', usage: null })
  for (const stream of [true, false]) {
    const result = await call(server, {
      stream,
      prices: { input: 1, output: 1, cachedInput: null, cacheWrite: null, reasoning: null },
    })
    expect(result).toMatchObject({ costUsd: null, inputTokens: null, outputTokens: null })
  }
})

it('sends images and files as parts', async () => {
  answering = () => ({ text: 'A dot.' })
  const image = new URL(`data:image/png;base64,${Buffer.from([137, 80, 78, 71]).toString('base64')}`)
  const content = [
    { type: 'text' as const, text: 'What is it?' },
    { type: 'file' as const, data: image, mediaType: 'image' },
  ]
  await call(server, { messages: [{ role: 'user', content }] })
  expect(server.requests[0]?.body.messages[0].content).toEqual([
    { type: 'text', text: 'What is it?' },
    { type: 'image_url', image_url: { url: expect.stringMatching(/^data:image\/png;base64,iVBORw==$/) } },
  ])
})

it('does not follow redirects, which would take the key along', async () => {
  answering = () => ({ raw: '', status: 307, headers: { location: `${server.openai}/elsewhere` } })
  const failure = await failureOf({})
  expect(failure).toMatchObject({ code: 'NOTHING_SERVED', stopsRun: true })
  expect(server.requests).toHaveLength(1)
})

it('never repeats the key that a server refuses', async () => {
  answering = () => ({ status: 401, type: 'x', message: `Incorrect API key provided: ${testKey}.` })
  expect((await failureOf({})).message).toContain('Incorrect API key provided: ********.')
})

it('sends no key of the environment to a provider without one', async () => {
  process.env.OPENAI_API_KEY = 'sk-of-the-machine'
  onTestFinished(() => {
    delete process.env.OPENAI_API_KEY
  })
  answering = () => ({ text: 'yes' })
  await call(server, { apiKey: null })
  await call(server, { apiKey: null, kind: 'OPENAI' })
  expect(JSON.stringify(server.requests.map(({ headers }) => headers))).not.toContain('sk-of-the-machine')
})

it('says that nothing listens', async () => {
  const closed = await startModelServer(() => ({ text: '' }))
  await closed.stop()
  const outcome = await call(closed).catch((error: unknown) => error)
  expect(outcome).toMatchObject({ code: 'CONNECTION_REFUSED', retryable: true })
})
