import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { TokenUsage } from '../../src/domain/model/generation.ts'
import { costOf, knownModels, tableVersion } from '../../src/models/prices.ts'
import { call } from '../helpers/model-call.ts'
import { startModelServer } from '../helpers/model-server/model-server.ts'

const at = new Date('2026-11-26T12:00:00Z')
const usage: TokenUsage = {
  inputTokens: 12_345,
  cachedInputTokens: 2_000,
  cacheWriteTokens: null,
  outputTokens: 678,
  reasoningTokens: 90,
}

it('counts tokens × the price of the table, cached ones at their own', () => {
  const { usd, price } = costOf(usage, { kind: 'OPENAI', model: 'gpt-4o-mini' }, null, at)
  expect(usd).toBeCloseTo((10_345 * 0.15 + 2_000 * 0.075 + 678 * 0.6) / 1e6, 12)
  expect(price).toMatchObject({ source: 'TABLE', prices: { input: 0.15, output: 0.6, cachedInput: 0.075 } })
})

it('counts writes to the cache at their own price', () => {
  const written = { ...usage, cacheWriteTokens: 4_000 }
  const { usd } = costOf(written, { kind: 'ANTHROPIC', model: 'claude-sonnet-4-0' }, null, at)
  expect(usd).toBeCloseTo((6_345 * 3 + 2_000 * 0.3 + 4_000 * 3.75 + 678 * 15) / 1e6, 12)
})

it('prefers the price of the project, with reasoning at its own', () => {
  const own = { input: 2, output: 8, cachedInput: 0.5, cacheWrite: null, reasoning: 10 }
  const { usd, price } = costOf(usage, { kind: 'OPENAI', model: 'gpt-4o-mini' }, own, at)
  expect(usd).toBeCloseTo((10_345 * 2 + 2_000 * 0.5 + 588 * 8 + 90 * 10) / 1e6, 12)
  expect(price).toEqual({ source: 'OVERRIDE', model: 'gpt-4o-mini', prices: own, table: null })
})

it.each([
  ['a model that the table lacks', { kind: 'OPENAI', model: 'no-such-model' }, usage],
  ['a server of one’s own', { kind: 'OLLAMA', model: 'gpt-4o-mini' }, usage],
  ['unknown input tokens', { kind: 'OPENAI', model: 'gpt-4o-mini' }, { ...usage, inputTokens: null }],
  ['usage that contradicts itself', { kind: 'OPENAI', model: 'gpt-4o-mini' }, { ...usage, cachedInputTokens: 99_999 }],
] as const)('leaves the cost of %s unknown', (_what, called, used) => {
  expect(costOf(used, called, null, at).usd).toBeNull()
})

it.each([
  ['GOOGLE', 'gemini-2.5-flash', (9_000 * 0.3 + 1_000 * 0.03 + 600 * 2.5) / 1e6],
  [
    'BEDROCK',
    'anthropic.claude-sonnet-4-5-20250929-v1:0',
    (7_000 * 3.3 + 1_000 * 0.33 + 2_000 * 4.125 + 600 * 16.5) / 1e6,
  ],
  ['AZURE', 'our-deployment', (9_000 * 0.15 + 1_000 * 0.075 + 600 * 0.6) / 1e6],
] as const)('counts what an answer of %s costs, also by the model that has answered', async (kind, model, usd) => {
  const cacheWrite = kind === 'BEDROCK' ? 2_000 : undefined
  await using server = await startModelServer(() => ({
    text: 'yes',
    usage: { input: 10_000, cached: 1_000, cacheWrite, output: 600, reasoning: 100 },
    ...(kind === 'AZURE' && { model: 'gpt-4o-mini-2024-07-18' }),
  }))
  for (const stream of [true, false]) {
    const result = await call(server, { kind, model, stream, address: { region: 'eu-central-1' } })
    expect(result.costUsd).toBeCloseTo(usd, 12)
    expect(result.generation?.price?.source).toBe('TABLE')
  }
})

it('takes the cost that a gateway reports', async () => {
  await using server = await startModelServer(({ prompt }) =>
    prompt === 'header'
      ? { text: 'yes', headers: { 'x-litellm-response-cost': '0.00125' } }
      : { text: 'yes', cost: 0.0042, usage: { input: 10, output: 5 } },
  )
  for (const stream of [true, false]) {
    const result = await call(server, { stream, kind: 'OPENROUTER', model: 'openai/gpt-4o-mini' })
    expect(result).toMatchObject({ costUsd: 0.0042, generation: { costReported: true } })
  }
  const litellm = await call(server, { stream: false, kind: 'LITELLM', prompt: 'header' })
  expect(litellm).toMatchObject({ costUsd: 0.00125, generation: { costReported: true, price: null } })
})

it('keeps the answer whose usage or cost is none, and leaves them unknown', async () => {
  await using server = await startModelServer(({ prompt }) =>
    prompt === 'cost' ? { text: 'yes', cost: 1e300 } : { text: 'yes', usage: { input: Number(prompt), output: 5 } },
  )
  for (const prompt of ['-10', '1.5', '1e30', '3000000000', 'cost']) {
    const result = await call(server, { prompt, kind: 'OPENROUTER', model: 'no-such-model' })
    expect(result).toMatchObject({ output: 'yes', costUsd: null, outputTokens: 5 })
    expect(result.inputTokens).toBe(prompt === 'cost' ? 10 : null)
  }
})

it('lists models with prices and context sizes', () => {
  const found = knownModels('OPENAI', at).find(({ model }) => model === 'gpt-4o-mini')
  expect(found).toMatchObject({ contextTokens: 128_000, prices: { input: 0.15, output: 0.6 } })
})

it('names the version of the table that is installed', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(tableVersion).toBe(`genai-prices ${dependencies['@pydantic/genai-prices']}`)
})
