/** Embeddings of texts: vectors whose angles say how alike the texts are. */
import type { EmbeddingModelV4 } from '@ai-sdk/provider'
import { embedMany } from 'ai'
import { nothingSpent, type Spent, TaskError } from '../domain/execution/task.ts'
import { tokensOf } from '../domain/execution/usage.ts'
import type { ModelPrices } from '../domain/model/generation.ts'
import { modelError } from './model-error.ts'
import type { ModelAccess } from './open-model.ts'
import { costOf } from './prices.ts'
import { newTraceparent } from './traceparent.ts'

interface Embedding {
  access: ModelAccess
  model: EmbeddingModelV4
  /** The project's prices of the model; null for none. */
  prices: ModelPrices | null
}

/**
 * @returns a vector for each text, in their order, and what they cost
 * @throws {TaskError} for every failure
 */
export async function embedTexts(
  { access, model, prices }: Embedding,
  texts: string[],
  signal: AbortSignal,
): Promise<{ vectors: number[][]; spent: Spent }> {
  try {
    const headers = { traceparent: newTraceparent() }
    const { embeddings, usage } = await embedMany({ model, values: texts, maxRetries: 0, abortSignal: signal, headers })
    const inputTokens = tokensOf(usage.tokens)
    const used = {
      inputTokens,
      cachedInputTokens: null,
      cacheWriteTokens: null,
      outputTokens: inputTokens === null ? null : 0,
      reasoningTokens: null,
    }
    const { usd } = costOf(used, { kind: access.address.kind, model: model.modelId }, prices, new Date())
    const spent = { ...nothingSpent, inputTokens, costUsd: usd }
    const [first] = embeddings
    if (embeddings.every(({ length }) => length > 0 && length === first?.length)) return { vectors: embeddings, spent }
    const message = `Expected vectors of one length, got ${embeddings.map(({ length }) => length).join(', ')}.`
    throw new TaskError('MALFORMED_RESPONSE', message, { retryable: true, spent })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw modelError(error, access, model.modelId, Date.now())
  }
}
