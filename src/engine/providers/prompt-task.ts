/** The task of an experiment: what it refers to is checked when it is saved, and pinned when a run starts. */
import * as z from 'zod'
import type { Queryable } from '../../db/client.ts'
import { findConnection, findPrices, listConnectionNames } from '../../db/sql/provider/find-connection.ts'
import { NotFoundError } from '../../domain/errors.ts'
import type { Modules } from '../../domain/execution/modules.ts'
import type { TaskSpec } from '../../domain/execution/task.ts'
import { parseInput } from '../../domain/parse-input.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { parsePromptContent } from '../../tasks/prompt-content.ts'
import { parseTaskSpec } from '../../tasks/registry.ts'

/**
 * Checks a task as passed by a client.
 * @throws {InvalidInputError} an invalid task
 * @throws {NotFoundError} a connection that the project does not have
 */
export async function resolveTask(
  client: Queryable,
  { projectId }: ProjectScope,
  modules: Modules,
  input: unknown,
): Promise<TaskSpec> {
  const task = parseTaskSpec(input, modules)
  if (task.kind !== 'prompt') return task
  const at = ['task', 'prompt']
  const { content } = parseInput(z.strictObject({ content: z.unknown() }), task.prompt, [...at, 'prompt'])
  const prompt = { content: parsePromptContent(content, [...at, 'prompt', 'content']) }
  if (!(await findConnection(client, projectId, task.connection))) {
    const names = await listConnectionNames(client, projectId)
    const known = names.length === 0 ? 'none: create one with createProviderConnection' : names.join(', ')
    throw new NotFoundError(`There is no connection "${task.connection}" in this project; it has ${known}.`, [
      ...at,
      'connection',
    ])
  }
  return { ...task, prompt }
}

/** The task with everything that could change during a run. Called in the transaction that starts the run. */
export async function pinTask(client: Queryable, { projectId }: ProjectScope, task: TaskSpec): Promise<TaskSpec> {
  if (task.kind !== 'prompt') return task
  return { ...task, prices: await findPrices(client, projectId, task) }
}
