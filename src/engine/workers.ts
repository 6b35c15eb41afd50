/** What the workers that are alive say of themselves: which functions of assay.config.ts there are. */
import type { Queryable } from '../db/client.ts'
import { listWorkers } from '../db/sql/worker/list-workers.ts'
import {
  type RegisteredFunction,
  type RegisteredFunctions,
  registeredFunctions,
} from '../domain/execution/functions.ts'
import { invalidInput } from '../domain/parse-input.ts'
import type { Services } from './services.ts'

/** The functions of all workers; of those with one name, the one of the worker that was started last. */
export async function loadFunctions(client: Queryable): Promise<RegisteredFunctions> {
  const workers = await listWorkers(client)
  return registeredFunctions(workers.reverse().flatMap(({ functions }) => functions))
}

/** The same, by kind and name. */
export async function listFunctions(client: Queryable): Promise<RegisteredFunction[]> {
  const { tasks, evaluators } = await loadFunctions(client)
  const sorted = (functions: ReadonlyMap<string, RegisteredFunction>) =>
    [...functions.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return [...sorted(tasks), ...sorted(evaluators)]
}

/**
 * The functions that a definition may name; only for a definition of a function anybody is asked.
 * @param path the definition's position in the caller's input
 * @throws {InvalidInputError} there is no such function because no worker is there, or its config cannot be loaded
 */
export async function functionsFor(
  { db }: Pick<Services, 'db'>,
  definition: unknown,
  path: readonly string[],
): Promise<RegisteredFunctions> {
  const name = nameOf(definition)
  if (name === null) return registeredFunctions([])
  const workers = await listWorkers(db.pool)
  const functions = registeredFunctions(workers.reverse().flatMap((worker) => worker.functions))
  if (functions.tasks.has(name) || functions.evaluators.has(name)) return functions
  const at = [...path, 'module', 'name']
  if (workers.length === 0) throw invalidInput(at, `expected a function that a worker has, but ${noWorker}`, name)
  const problem = workers.find((worker) => worker.problem !== null)?.problem
  if (problem == null) return functions
  throw invalidInput(at, `expected a function that a worker has, but no config could be loaded (${problem})`, name)
}

export const noWorker = 'no worker is running (start `assay worker`, or `assay serve` without --no-worker)'

/** The name of the function in an unchecked definition of a task or evaluator; null in one of another kind. */
function nameOf(definition: unknown): string | null {
  if (typeof definition !== 'object' || definition === null) return null
  const { kind, name, module } = definition as { kind?: unknown; name?: unknown; module?: unknown }
  return kind === 'module' ? String(name ?? module) : null
}
