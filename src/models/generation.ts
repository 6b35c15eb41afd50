import type { FinishReason as SdkFinishReason, StepResult, ToolSet } from 'ai'
import type { Spent } from '../domain/execution/task.ts'
import { tokensOf } from '../domain/execution/usage.ts'
import type { FinishReason, ModelPrices, TokenUsage } from '../domain/model/generation.ts'
import type { ModelAccess } from './open-model.ts'
import { type Cost, costOf } from './prices.ts'
import { costReportedBy } from './reported-cost.ts'

interface Called {
  access: Pick<ModelAccess, 'address'>
  model: { modelId: string }
  prices: ModelPrices | null
}

/** In characters: it is read with every item. */
const maxReasoning = 20_000

/** What calls of a model have used, and how they went. */
export function generationOf(steps: readonly StepResult<ToolSet>[], called: Called, at: Date): Spent {
  const usage = sum(steps.map(usageOf))
  const { usd, reported, price } = cost(steps, called, at)
  const last = steps.at(-1)
  const reasoning = steps.flatMap(({ reasoningText }) => reasoningText ?? []).join('\n\n')
  return {
    costUsd: usd,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    generation: {
      model: last?.response.modelId ?? called.model.modelId,
      finishReason: finishReason(last?.finishReason),
      usage,
      costReported: reported,
      price,
      reasoning: reasoning === '' ? null : reasoning.slice(0, maxReasoning).toWellFormed(),
      firstTokenMs: steps[0]?.performance.timeToFirstOutputMs ?? null,
      tokensPerSecond: tokensPerSecond(steps),
      steps: steps.length,
      warnings: [...new Set(steps.flatMap(({ warnings }) => (warnings ?? []).map(warningText)))],
    },
  }
}

export function usageOf({ usage }: Pick<StepResult<ToolSet>, 'usage'>): TokenUsage {
  const { inputTokens, inputTokenDetails, outputTokens, outputTokenDetails } = usage
  return {
    inputTokens: tokensOf(inputTokens),
    cachedInputTokens: tokensOf(inputTokenDetails.cacheReadTokens),
    cacheWriteTokens: tokensOf(inputTokenDetails.cacheWriteTokens),
    outputTokens: tokensOf(outputTokens),
    reasoningTokens: tokensOf(outputTokenDetails.reasoningTokens),
  }
}

/** A sum of which a part is unknown is unknown. */
function sum(usages: readonly TokenUsage[]): TokenUsage {
  const of = (key: keyof TokenUsage) =>
    usages.length === 0 || usages.some((usage) => usage[key] === null)
      ? null
      : usages.reduce((total, usage) => total + (usage[key] ?? 0), 0)
  return {
    inputTokens: of('inputTokens'),
    cachedInputTokens: of('cachedInputTokens'),
    cacheWriteTokens: of('cacheWriteTokens'),
    outputTokens: of('outputTokens'),
    reasoningTokens: of('reasoningTokens'),
  }
}

/** The provider's own figures where it gives them for every call. */
function cost(
  steps: readonly StepResult<ToolSet>[],
  { access, model, prices }: Called,
  at: Date,
): Cost & { reported: boolean } {
  const { kind } = access.address
  const counted = steps.map((step) => {
    const of = (name: string) => costOf(usageOf(step), { kind, model: name }, prices, at)
    const [asked, answered] = [model.modelId, step.response.modelId]
    // Azure is asked for a deployment, whose name is up to the user.
    const [first, second] = kind === 'AZURE' && !prices ? [answered, asked] : [asked, answered]
    const cost = of(first)
    return cost.price || first === second ? cost : of(second)
  })
  const figures = steps.map(({ providerMetadata, response }) => costReportedBy(providerMetadata, response.headers))
  const price = counted.at(-1)?.price ?? null
  const total = (costs: readonly (number | null)[]) =>
    costs.length === 0 || costs.includes(null) ? null : costs.reduce<number>((sum, usd) => sum + (usd ?? 0), 0)
  const reported = total(figures)
  return reported === null
    ? { usd: total(counted.map(({ usd }) => usd)), reported: false, price }
    : { usd: reported, reported: true, price }
}

function tokensPerSecond(steps: readonly StepResult<ToolSet>[]): number | null {
  let tokens = 0
  let ms = 0
  for (const { usage, performance } of steps) {
    if (performance.timeToFirstOutputMs === undefined || usage.outputTokens === undefined) return null
    tokens += usage.outputTokens
    ms += performance.responseTimeMs - performance.timeToFirstOutputMs
  }
  return ms > 0 ? (tokens * 1_000) / ms : null
}

const reasons: Record<SdkFinishReason, FinishReason> = {
  stop: 'STOP',
  length: 'LENGTH',
  'content-filter': 'CONTENT_FILTER',
  'tool-calls': 'TOOL_CALLS',
  error: 'ERROR',
  interrupted: 'ERROR',
  other: 'OTHER',
}

export function finishReason(reason: SdkFinishReason | undefined): FinishReason {
  return reason === undefined ? 'OTHER' : reasons[reason]
}

function warningText(warning: { type: string; feature?: string; details?: string; message?: string }): string {
  return [warning.type, warning.feature, warning.details ?? warning.message].filter(Boolean).join(': ')
}
