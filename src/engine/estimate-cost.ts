/** What a run of a task would cost, before it is paid for. */
import { sampleItems } from '../db/sql/dataset/sample-items.ts'
import { findPrices, findProvider } from '../db/sql/provider/find-provider.ts'
import { findComparableRun, type RunCosts } from '../db/sql/run/find-comparable-run.ts'
import type { PromptTaskSpec } from '../domain/execution/prompt-task.ts'
import type { TaskSpec } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { type PromptContent, PromptError, type PromptReference, type RenderedPrompt } from '../domain/prompt/prompt.ts'
import { renderPrompt } from '../domain/prompt/render-prompt.ts'
import type { ProjectScope } from '../domain/scope.ts'
import { pinPrompt } from './prompts/references.ts'
import { resolveTask } from './providers/prompt-task.ts'
import type { Services } from './services.ts'
import { functionsFor } from './workers.ts'

/** The mean of one call; USD. */
export interface CostEstimate {
  /** The run on the dataset that it follows: of the same endpoint, function or model; null: there is none. */
  runId: string | null
  costUsd: number | null
  /** Of a prompt, of what is sent alone. */
  inputCostUsd: number | null
  /** Of a prompt whose answers have a maximum, if every answer had that length. */
  maxCostUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  /** The items that a prompt was rendered for, and how many of them it cannot be rendered for. */
  sampleSize: number
  unrenderedCount: number
}

const sampleSize = 20

/**
 * Estimates the mean cost of one call of a task on the items of a dataset. A prompt is rendered for a sample of them: its
 * tokens (a token is taken as 4 bytes of text; files and tools are not counted) times the price of the model, and answers
 * as long as those of the run that is followed. Of other tasks it is the mean of that run.
 * @param input a task as `createExperiment` takes it
 * @returns unknown parts as null
 * @throws {InvalidInputError} {NotFoundError} {ConflictError} as `resolveTask`
 */
export async function estimateCost(
  services: Services,
  scope: ProjectScope,
  datasetId: string,
  input: unknown,
  at: Date,
): Promise<CostEstimate> {
  const { pool } = services.db
  const task = await resolveTask(pool, scope, await functionsFor(services, input, ['task']), input)
  const run = await findComparableRun(pool, datasetId, identityOf(task))
  if (task.kind === 'prompt') {
    const { content } = await pinPrompt(pool, scope, task.prompt as PromptReference)
    const provider = await findProvider(pool, scope.projectId, task.provider)
    const prices = await findPrices(pool, scope.projectId, task)
    // The table of prices takes 5 MB.
    const { costOf } = await import('../models/prices.ts')
    const priceOf = (inputTokens: number, outputTokens: number) =>
      provider && costOf(usageOf(inputTokens, outputTokens), { ...task, kind: provider.kind }, prices, at).usd
    return estimatePrompt(content, task, await sampleItems(pool, datasetId, sampleSize), run, priceOf)
  }
  return { ...nothing, runId: run?.id ?? null, costUsd: run?.avgCostUsd ?? null }
}

const nothing = {
  ...{ costUsd: null, inputCostUsd: null, maxCostUsd: null, inputTokens: null, outputTokens: null },
  ...{ sampleSize: 0, unrenderedCount: 0 },
}

function estimatePrompt(
  content: PromptContent,
  { parameters }: PromptTaskSpec,
  items: readonly { input: Json; metadata: Json }[],
  run: RunCosts | null,
  priceOf: (inputTokens: number, outputTokens: number) => number | null,
): CostEstimate {
  const rendered = items.map((item) => renderPrompt(content, item)).filter((one) => !(one instanceof PromptError))
  const counts = { sampleSize: items.length, unrenderedCount: items.length - rendered.length }
  if (rendered.length === 0) return { ...nothing, ...counts, runId: run?.id ?? null }
  const tokens = rendered.map((one) => tokensOf(one as RenderedPrompt))
  const inputTokens = tokens.reduce((sum, count) => sum + count, 0) / tokens.length
  const outputTokens = run?.avgOutputTokens ?? null
  const longest = parameters.maxOutputTokens ?? content.parameters.maxOutputTokens
  return {
    ...counts,
    runId: run?.id ?? null,
    inputTokens,
    outputTokens,
    inputCostUsd: priceOf(inputTokens, 0),
    costUsd: outputTokens === null ? null : priceOf(inputTokens, outputTokens),
    maxCostUsd: longest === undefined ? null : priceOf(inputTokens, longest),
  }
}

/** What makes the costs of two tasks comparable. */
function identityOf(task: TaskSpec): { [member: string]: Json } {
  switch (task.kind) {
    case 'http':
      return { kind: task.kind, url: task.url, method: task.method }
    case 'prompt':
      return { kind: task.kind, provider: task.provider, model: task.model }
    case 'echo':
      return { kind: task.kind }
    default:
      return { kind: task.kind, name: task.name }
  }
}

/** Of a message besides its text, as most providers count. */
const tokensOfMessage = 4

function tokensOf({ messages }: RenderedPrompt): number {
  return messages.reduce((sum, { content }) => {
    const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content
    const text = parts.map((part) => (part.type === 'text' ? part.text : textOfOther(part))).join('')
    return sum + tokensOfMessage + Math.ceil(Buffer.byteLength(text) / 4)
  }, 0)
}

function textOfOther(part: { type: string }): string {
  return part.type === 'image' || part.type === 'file' ? '' : JSON.stringify(part)
}

function usageOf(inputTokens: number, outputTokens: number) {
  return {
    inputTokens: Math.round(inputTokens),
    outputTokens: Math.round(outputTokens),
    ...{ cachedInputTokens: null, cacheWriteTokens: null, reasoningTokens: null },
  }
}
