import { loadDatasetItems } from '../../db/sql/dataset/load-items.ts'
import { loadLatestRevisions } from '../../db/sql/dataset/load-revisions.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { ItemError } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import { type PinnedPrompt, PromptError, type RenderedMessage } from '../../domain/prompt/prompt.ts'
import { type PromptVariables, renderPrompt } from '../../domain/prompt/render-prompt.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { pinPrompt, resolvePromptReference } from './references.ts'

export interface PreviewPromptInput {
  /** As for `resolvePromptReference`. */
  prompt: unknown
  /** The newest revision of this dataset item; in its place `input` and `metadata`, which default to null. */
  itemId?: string | null
  input?: Json
  metadata?: Json
}

/** What the model would get for an item, or why there is nothing. */
export interface PromptPreview {
  prompt: PinnedPrompt
  messages: RenderedMessage[]
  error: ItemError | null
}

/**
 * Renders a prompt for one item.
 * @throws {InvalidInputError} an invalid content, or both an item and an input
 * @throws {NotFoundError} no such prompt, version, label or item
 */
export async function previewPrompt(
  services: Services,
  scope: Scope,
  input: PreviewPromptInput,
): Promise<PromptPreview> {
  requireWrite(scope)
  const variables = await variablesFor(services, scope, input)
  const reference = await resolvePromptReference(services.db.pool, scope, input.prompt, ['prompt'])
  const prompt = await pinPrompt(services.db.pool, scope, reference)
  const rendered = renderPrompt(prompt.content, variables)
  if (!(rendered instanceof PromptError)) return { prompt, messages: rendered.messages, error: null }
  return { prompt, messages: [], error: { code: rendered.code, message: rendered.message, retryable: false } }
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
