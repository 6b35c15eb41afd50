import { loadDatasetItems } from '../../db/sql/dataset/load-items.ts'
import { loadLatestRevisions } from '../../db/sql/dataset/load-revisions.ts'
import type { PreviewAnswer } from '../../db/sql/preview/previews.ts'
import { findPrices } from '../../db/sql/provider/find-provider.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { PromptTaskSpec } from '../../domain/execution/prompt-task.ts'
import type { ItemError, TaskItem } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import { type PinnedPrompt, PromptError, type RenderedMessage } from '../../domain/prompt/prompt.ts'
import { type PromptVariables, renderPrompt } from '../../domain/prompt/render-prompt.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { parsePromptTask } from '../../tasks/prompt.ts'
import { callByWorker } from '../call-by-worker.ts'
import { requireProvider } from '../providers/require-provider.ts'
import type { Services } from '../services.ts'
import { pinPrompt, resolvePromptReference } from './references.ts'

export interface PreviewPromptInput {
  /** As for `resolvePromptReference`. */
  prompt: unknown
  /** The newest revision of this dataset item; in its place `input` and `metadata`, which default to null. */
  itemId?: string | null
  input?: Json
  metadata?: Json
  /** A prompt task without its prompt: calls a model too. */
  call?: { provider: string; model: string; parameters?: unknown } | null
}

/** What the model would get for an item, or why there is nothing. */
export interface PromptPreview {
  prompt: PinnedPrompt
  messages: RenderedMessage[]
  /** Null without a call, or when it failed. */
  answer: PreviewAnswer | null
  error: ItemError | null
}

/** Of the call itself. */
const timeoutMs = 60_000
/** With its waits for the limits of the model. */
const waitMs = 90_000

/**
 * Renders a prompt for one item, and calls a model with it if asked to, once, for at most a minute. The call is made by a
 * worker, under the limits of the model and outside of the cache.
 * @param signal aborted when nobody waits for it any more; ends the call
 * @throws {InvalidInputError} an invalid content or call, or both an item and an input
 * @throws {NotFoundError} no such prompt, version, label, item or provider
 */
export async function previewPrompt(
  services: Services,
  scope: Scope,
  input: PreviewPromptInput,
  signal: AbortSignal,
): Promise<PromptPreview> {
  requireWrite(scope)
  const variables = await variablesFor(services, scope, input)
  const { pool } = services.db
  const prompt = await pinPrompt(pool, scope, await resolvePromptReference(pool, scope, input.prompt, ['prompt']))
  const spec = input.call ? await callOf(services, scope, input.call, prompt) : null
  const rendered = renderPrompt(prompt.content, variables)
  if (rendered instanceof PromptError) {
    const { code, message } = rendered
    return { prompt, messages: [], answer: null, error: { code, message, retryable: false } }
  }
  const { messages } = rendered
  if (!spec) return { prompt, messages, answer: null, error: null }
  const call = { task: spec, item: itemOf(input, variables) }
  const called = await callByWorker(services, scope, call, { timeoutMs, waitMs, signal })
  if ('answer' in called) return { prompt, messages, answer: called.answer, error: null }
  return { prompt, messages, answer: null, error: called.failure }
}

/** @throws {InvalidInputError}; {NotFoundError} no such provider */
async function callOf(
  { db }: Services,
  { projectId }: Scope,
  call: NonNullable<PreviewPromptInput['call']>,
  prompt: PinnedPrompt,
): Promise<PromptTaskSpec> {
  const spec = parsePromptTask({ ...call, kind: 'prompt', prompt: null, stream: false }, ['call'])
  await requireProvider(db.pool, projectId, spec.provider, ['call', 'provider'])
  return { ...spec, prompt, prices: await findPrices(db.pool, projectId, spec) }
}

function itemOf({ itemId }: PreviewPromptInput, { input, metadata = null }: PromptVariables): TaskItem {
  const id = itemId == null ? '' : encodeGlobalId('DatasetItem', itemId)
  return { id, key: null, input, expectedOutput: null, metadata, tags: [], repetition: 0, attempt: 1 }
}

async function variablesFor(
  { db }: Services,
  { projectId }: Scope,
  { itemId, input = null, metadata = null }: PreviewPromptInput,
): Promise<PromptVariables> {
  if (itemId == null) return { input, metadata }
  if (input !== null || metadata !== null) {
    throw new InvalidInputError('Expected the id of an item, or an input with its metadata, got both.', ['itemId'])
  }
  const [item] = await loadDatasetItems(db.pool, projectId, [itemId])
  const [revision] = item ? await loadLatestRevisions(db.pool, [itemId]) : []
  if (revision) return { input: revision.input as Json, metadata: revision.metadata as Json }
  throw new NotFoundError(`There is no item ${encodeGlobalId('DatasetItem', itemId)} in this project.`, ['itemId'])
}
