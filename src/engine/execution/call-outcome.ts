/** How calls of tasks ended, as far as limits are concerned. */
import type { Spent, TaskError, TaskResult } from '../../domain/execution/task.ts'
import { sumOfTokens } from '../../domain/execution/usage.ts'
import type { CallOutcome } from '../limits/permit.ts'

export function succeeded(result: TaskResult): CallOutcome {
  return { kind: 'OK', retryAfterMs: result.pauseMs ?? null, tokens: tokensOf(result) }
}

export function failedWith({ overloaded, retryAfterMs, spent }: TaskError): CallOutcome {
  return { kind: overloaded ? 'OVERLOADED' : 'FAILED', retryAfterMs, tokens: spent && tokensOf(spent) }
}

function tokensOf({ inputTokens, outputTokens }: Spent): number | null {
  return sumOfTokens(inputTokens, outputTokens)
}
