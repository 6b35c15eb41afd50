/** The task of an experiment: what it refers to is checked when it is saved, and pinned when a run starts. */
import type { Queryable } from '../../db/client.ts'
import { findPrices } from '../../db/sql/provider/find-provider.ts'
import type { TaskSpec } from '../../domain/execution/task.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import type { FunctionNames } from '../../tasks/module.ts'
import { parseTaskSpec } from '../../tasks/registry.ts'
import { pinPrompt, resolvePromptReference } from '../prompts/references.ts'
import { requireProvider } from './require-provider.ts'

/**
 * Checks a task as passed by a client.
 * @throws {InvalidInputError} an invalid task
 * @throws {NotFoundError} a provider or prompt that the project does not have
 * @throws {ConflictError} a prompt that is archived
 */
export async function resolveTask(
  client: Queryable,
  scope: ProjectScope,
  functions: FunctionNames,
  input: unknown,
): Promise<TaskSpec> {
  const task = parseTaskSpec(input, functions)
  if (task.kind !== 'prompt') return task
  const { projectId } = scope
  const at = ['task', 'prompt']
  const prompt = await resolvePromptReference(client, scope, task.prompt, [...at, 'prompt'])
  await requireProvider(client, projectId, task.provider, [...at, 'provider'])
  return { ...task, prompt }
}

/** The prompt of the project that a task refers to, by its raw id; null for none. */
export function promptIdOf(task: TaskSpec): string | null {
  return task.kind === 'prompt' && 'prompt' in task.prompt ? (task.prompt.prompt?.id ?? null) : null
}

/**
 * The task with everything that could change during a run. Called in the transaction that starts the run.
 * @throws {ConflictError} what it refers to does not exist any more
 */
export async function pinTask(
  client: Queryable,
  scope: ProjectScope,
  task: TaskSpec,
): Promise<{ task: TaskSpec; promptVersionId: string | null }> {
  if (task.kind !== 'prompt') return { task, promptVersionId: null }
  const prompt = await pinPrompt(client, scope, task.prompt)
  const prices = await findPrices(client, scope.projectId, task)
  return { task: { ...task, prompt, prices }, promptVersionId: prompt.version?.id ?? null }
}
