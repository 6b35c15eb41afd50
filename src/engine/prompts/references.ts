/** What a task's prompt refers to: checked when an experiment is saved, pinned when a run starts. */
import * as z from 'zod'
import type { Queryable } from '../../db/client.ts'
import { type FoundVersion, findPromptVersion } from '../../db/sql/prompt/find-version.ts'
import { ConflictError, NotFoundError } from '../../domain/errors.ts'
import { invalidInput, optional, parseInput } from '../../domain/parse-input.ts'
import type { PinnedPrompt, PromptContent, PromptReference } from '../../domain/prompt/prompt.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { parsePromptContent } from '../../tasks/prompt-content.ts'
import { archived } from './prompts.ts'

const named = z.strictObject({
  name: z.string(),
  version: optional(z.int().min(1), null),
  label: optional(z.string(), null),
})

/**
 * Checks a reference as passed by a client: `{content}`, or `{prompt: {name, version or label}}` with neither of these for
 * the newest version.
 * @param path its position in the caller's input
 * @throws {InvalidInputError} an invalid content, or both a version and a label
 * @throws {NotFoundError} the project has no such prompt, version or label
 * @throws {ConflictError} the prompt is archived
 */
export async function resolvePromptReference(
  client: Queryable,
  scope: ProjectScope,
  input: unknown,
  path: readonly string[],
): Promise<PromptReference> {
  const given = parseInput(
    z.strictObject({ content: z.unknown().optional(), prompt: z.unknown().optional() }),
    input,
    path,
  )
  if ((given.content == null) === (given.prompt == null))
    throw invalidInput(path, 'expected exactly one of content and prompt', input)
  if (given.prompt == null)
    return { content: await parsePromptContent(given.content, scope.projectId, [...path, 'content']) }
  const at = [...path, 'prompt']
  const { name, version, label } = parseInput(named, given.prompt, at)
  if (version !== null && label !== null) throw invalidInput(at, 'expected a version or a label', { version, label })
  const found = await findPromptVersion(client, scope.projectId, { name }, { version, label })
  if (!found) throw new NotFoundError(`There is no prompt "${name}" in this project.`, [...at, 'name'])
  if (found.isArchived) throw archived(name, [...at, 'name'])
  if (!found.version) throw versionNotFound(found, { version, label }, at)
  return { prompt: { id: found.promptId, name: found.name, version, label } }
}

/**
 * The content that a reference has now, and the version that it is. Called in the transaction that starts a run.
 * @throws {ConflictError} a label that was removed since the reference was saved
 */
export async function pinPrompt(
  client: Queryable,
  scope: ProjectScope,
  reference: PromptReference,
): Promise<PinnedPrompt> {
  if ('content' in reference) return { content: reference.content, version: null, prompt: null }
  const { prompt } = reference
  const found = await findPromptVersion(client, scope.projectId, prompt, prompt)
  // An experiment's foreign key keeps its prompt, and versions are never deleted.
  if (!found) throw new ConflictError(`The prompt "${prompt.name}" does not exist any more.`)
  if (!found.version) throw new ConflictError(versionNotFound(found, prompt, []).message)
  const { id, version, content } = found.version
  return {
    content: content as unknown as PromptContent,
    version: { id, number: version },
    prompt: { ...prompt, name: found.name },
  }
}

function versionNotFound(
  { name, newest, labels }: FoundVersion,
  { label, version }: { label: string | null; version: number | null },
  path: readonly string[],
): NotFoundError {
  if (label !== null) {
    const known = labels.length === 0 ? 'none' : labels.join(', ')
    return new NotFoundError(`Prompt "${name}" has no label "${label}"; it has ${known}.`, [...path, 'label'])
  }
  return new NotFoundError(`Prompt "${name}" has no version ${version}; its newest is ${newest}.`, [...path, 'version'])
}
