/** Models that decide: they choose one of several options, and say how likely each is. */
import type { Experimental_DecisionModelV4 } from '@ai-sdk/provider'
import { experimental_decide as decide, Experimental_DecisionRefusalError } from 'ai'
import { type Spent, TaskError } from '../domain/execution/task.ts'
import { tokensOf } from '../domain/execution/usage.ts'
import type { ModelPrices } from '../domain/model/generation.ts'
import { modelError } from './model-error.ts'
import type { ModelAccess } from './open-model.ts'
import { costOf } from './prices.ts'

export interface DecisionCall {
  access: ModelAccess
  model: Experimental_DecisionModelV4
  instructions: string
  /** What is decided about. */
  state: string
  /** The options with what each means; null: nothing is said of it. */
  options: Readonly<Record<string, string | null>>
  maxOutputTokens: number | undefined
  /** The project's prices of the model; null for none. */
  prices: ModelPrices | null
}

export interface Decision {
  choice: string
  /** Of each option; null where the model does not say. */
  probabilities: Record<string, number> | null
  spent: Spent
}

/**
 * @param now milliseconds since the epoch
 * @throws {TaskError} for every failure; when the signal aborts, whatever it likes
 */
export async function decideByModel(
  { access, model, instructions, state, options, maxOutputTokens, prices }: DecisionCall,
  { signal, traceparent }: { signal: AbortSignal; traceparent: string },
  now: () => number = Date.now,
): Promise<Decision> {
  try {
    const { answers, usage, response, warnings } = await decide({
      model,
      state,
      questions: { verdict: { type: 'choice', instructions, criteria: options } },
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      // The engine decides on retries.
      maxRetries: 0,
      abortSignal: signal,
      headers: { traceparent },
    })
    const { choice, probabilities = null } = answers.verdict
    const tokens = {
      ...{ inputTokens: tokensOf(usage.inputTokens), outputTokens: tokensOf(usage.outputTokens) },
      ...{ cachedInputTokens: null, cacheWriteTokens: null, reasoningTokens: null },
    }
    const named = { kind: access.address.kind, model: model.modelId }
    const { usd, price } = costOf(tokens, named, prices, new Date(now()))
    return {
      choice,
      probabilities,
      spent: {
        ...{ costUsd: usd, inputTokens: tokens.inputTokens, outputTokens: tokens.outputTokens },
        generation: {
          ...{ model: response.modelId, finishReason: 'STOP', usage: tokens, costReported: false, price },
          ...{ reasoning: null, firstTokenMs: null, tokensPerSecond: null, steps: 1 },
          warnings: warnings.map(({ type }) => type),
        },
      },
    }
  } catch (error) {
    if (Experimental_DecisionRefusalError.isInstance(error)) {
      throw new TaskError('CONTENT_FILTERED', `${model.modelId} of ${access.name} declined to decide.`, {
        retryable: false,
      })
    }
    throw modelError(error, access, model.modelId, now())
  }
}
