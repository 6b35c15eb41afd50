/** Judges as tests make them: with a provider of a model server, on real sockets. */
import type { Evaluate } from '../../src/domain/evaluation.ts'
import type { JudgeSpec } from '../../src/domain/judge.ts'
import type { ModelPrices } from '../../src/domain/model/generation.ts'
import type { ModelAddress, ProviderKind } from '../../src/domain/model/provider.ts'
import { createEvaluator, type EvaluatorParts, parseEvaluatorSpec } from '../../src/evaluators/registry.ts'
import { openHttpClient } from '../../src/tasks/http-client.ts'
import { inThisProcess } from './functions.ts'
import { testKey } from './model-call.ts'
import { baseUrlOf, type ModelServer } from './model-server/model-server.ts'

const functions = inThisProcess({})
const prices: ModelPrices = { input: 1, output: 10, cachedInput: null, cacheWrite: null, reasoning: null }

/** What evaluators that call others need, with the models of a server. */
export function partsWith(
  server: Pick<ModelServer, 'origin'>,
  kind: ProviderKind = 'OPENAI_COMPATIBLE',
  address: Partial<ModelAddress> = {},
): EvaluatorParts {
  const elsewhere = { region: null, resourceName: null, apiVersion: null, accessKeyId: null }
  const access = {
    name: 'test',
    address: { kind, baseUrl: baseUrlOf(server, kind), ...elsewhere, ...address },
    apiKey: testKey,
  }
  const outputOf = async () => ({ output: 'of the baseline' })
  return { http: openHttpClient({ allowPrivate: true }), connect: async () => access, prices, outputOf }
}

export const judgeOptions = {
  kind: 'judge',
  provider: 'test',
  model: 'gpt-4o-mini',
  messages: [
    { role: 'SYSTEM', content: 'Is it right?' },
    { role: 'USER', content: '{{input}}\n{{output}}' },
  ],
  scale: {
    labels: [
      { label: 'right', value: 1 },
      { label: 'wrong', value: 0 },
    ],
  },
}

export function judgeSpecOf(options: Partial<JudgeSpec> | object = {}): JudgeSpec {
  return parseEvaluatorSpec({ ...judgeOptions, ...options }, functions.registered) as JudgeSpec
}

export function createTestJudge(parts: EvaluatorParts, options: object = {}): Evaluate {
  return createEvaluator(judgeSpecOf(options), 'quality', functions, parts)
}

/** An answer of a judge, by a schema or as JSON in a text. */
export function verdict(label: unknown, reason = 'Because.') {
  return { text: JSON.stringify({ reason, label }), usage: { input: 1_000, output: 100 } }
}

/** What one call costs. */
export const callCostUsd = (1_000 * 1 + 100 * 10) / 1e6
