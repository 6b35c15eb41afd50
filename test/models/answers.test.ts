import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { call, failureOf, providersBothWays, testKey } from '../helpers/model-call.ts'
import { type Answering, startModelServer } from '../helpers/model-server/model-server.ts'
import type { ModelRequest } from '../helpers/model-server/reply.ts'

let answering: Answering = () => ({ text: '' })
const server = await startModelServer((request) => answering(request))
afterAll(() => server.stop())
beforeEach(() => {
  server.requests.length = 0
})

/** The temperature and the maximum of tokens, wherever the protocol has them. */
function parametersOf({ body }: ModelRequest) {
  const { temperature, ...rest } = body.generationConfig ?? body.inferenceConfig ?? body
  return [temperature, rest.max_tokens ?? rest.max_output_tokens ?? rest.maxOutputTokens ?? rest.maxTokens]
}

function keyOf({ headers }: ModelRequest): string | undefined {
  const key = headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['api-key']
  return key ?? headers.authorization?.replace('Bearer ', '')
}

describe.each(providersBothWays)('%s', (_name, provider) => {
  it('answers with the text, its usage and how it was made', async () => {
    answering = () => ({
      text: 'Hello there, you.',
      usage: { input: 1_000, cached: 400, output: 200, reasoning: 0 },
    })
    const result = await call(server, provider)
    expect(result).toMatchObject({ output: 'Hello there, you.', inputTokens: 1_000, outputTokens: 200 })
    expect(result.generation).toMatchObject({
      model: provider.model,
      finishReason: 'STOP',
      usage: { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 200 },
      steps: 1,
      warnings: [],
    })
    const timed = provider.stream ? expect.any(Number) : null
    expect(result.generation).toMatchObject({ firstTokenMs: timed, tokensPerSecond: timed })
  })

  it('sends the prompt and its parameters, under the key of the provider', async () => {
    answering = () => ({ text: 'yes' })
    await call(server, { ...provider, parameters: { temperature: 0.25, maxOutputTokens: 32 } })
    const [sent] = server.requests as [ModelRequest]
    expect(sent).toMatchObject({ model: provider.model, prompt: 'Hello?', stream: provider.stream })
    expect(parametersOf(sent)).toEqual([0.25, 32])
    expect(keyOf(sent)).toBe(testKey)
  })

  it('follows the text while it comes, and ends with the same', async () => {
    answering = () => ({ text: 'one two three four' })
    const parts: string[] = []
    const result = await call(server, { ...provider, context: { follow: (text) => parts.push(text) } })
    expect(parts.join('')).toBe(provider.stream ? result.output : '')
    if (provider.stream) expect(parts.length).toBeGreaterThan(1)
  })

  it('returns structured output, and refuses what does not satisfy the schema', async () => {
    const schema = {
      type: 'object',
      properties: { label: { enum: ['good', 'bad'] } },
      required: ['label'],
      additionalProperties: false,
    }
    answering = ({ body }) => {
      const asked = JSON.stringify(body)
      return { text: asked.includes('ok?') ? '{"label": "good"}' : asked.includes('no?') ? 'Well,' : '{"label": "so"}' }
    }
    expect((await call(server, { ...provider, schema, prompt: 'ok?' })).output).toEqual({ label: 'good' })
    expect(JSON.stringify(server.requests[0]?.body)).toContain('"enum":["good","bad"]')
    const notJson = await failureOf(server, { ...provider, schema, prompt: 'no?' })
    expect(notJson).toMatchObject({ code: 'INVALID_OUTPUT', retryable: true })
    expect(notJson.message).toContain('got Well,')
    const wrong = await failureOf(server, { ...provider, schema, prompt: 'wrong?' })
    expect(wrong).toMatchObject({ code: 'INVALID_OUTPUT', spent: { inputTokens: 10, outputTokens: 5 } })
    expect(wrong.message).toMatch(/\/label must be equal to one of the allowed values/)
  })

  it('does not count a filtered answer as one', async () => {
    answering = () => ({ text: 'How to', finish: 'content_filter' })
    expect(await failureOf(server, provider)).toMatchObject({ code: 'CONTENT_FILTERED', retryable: false })
  })

  it('keeps an answer that was cut at the maximum of tokens, and says so', async () => {
    answering = () => ({ text: 'Once upon', finish: 'length' })
    const result = await call(server, provider)
    expect(result).toMatchObject({ output: 'Once upon', generation: { finishReason: 'LENGTH' } })
  })

  it('asks to wait when the headers say that the limit is used up', async () => {
    answering = () => ({
      text: 'yes',
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' },
    })
    expect((await call(server, provider)).pauseMs).toBe(120)
  })

  it('leaves unknown usage null', async () => {
    answering = () => ({ text: 'Yes.', usage: null })
    // Of these, usage is a part of every answer.
    if (provider.kind === 'ANTHROPIC' || provider.kind === 'BEDROCK') return
    const prices = { input: 1, output: 1, cachedInput: null, cacheWrite: null, reasoning: null }
    const result = await call(server, { ...provider, prices })
    expect(result).toMatchObject({ costUsd: null, inputTokens: null, outputTokens: null })
  })

  it('keeps reasoning apart from the answer', async () => {
    answering = () => ({ text: 'Yes.', reasoning: 'Let me see.', usage: { input: 5, output: 30, reasoning: 20 } })
    const parts: string[] = []
    const { output, generation } = await call(server, { ...provider, context: { follow: (text) => parts.push(text) } })
    expect(output).toBe('Yes.')
    expect(parts.join('')).toBe(provider.stream ? 'Yes.' : '')
    // Chat Completions of Azure tell the tokens only, Anthropic's and Bedrock's protocols the text only.
    const isChat = provider.address?.apiVersion != null
    const isOfClaude = provider.kind === 'ANTHROPIC' || provider.kind === 'BEDROCK'
    expect(generation).toMatchObject({
      reasoning: isChat ? null : 'Let me see.',
      usage: { outputTokens: 30, reasoningTokens: isOfClaude ? null : 20 },
    })
  })
})
