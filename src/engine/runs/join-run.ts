import type { Queryable } from '../../db/client.ts'
import { haveSameItems } from '../../db/sql/dataset/versions.ts'
import { findUnfinishedRun, lockRunName } from '../../db/sql/run/unfinished-run.ts'
import { ConflictError, InvalidInputError } from '../../domain/errors.ts'
import type { TaskSpec } from '../../domain/execution/task.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import type { Json } from '../../domain/json/json.ts'
import type { RunSettings, StartRunInput } from '../../domain/run.ts'

/** What makes the items of two runs, and their results, the same. */
interface Content {
  experimentId: string
  datasetId: string
  task: TaskSpec
  datasetVersion: number
  settings: Pick<RunSettings, 'repetitions'>
}

/**
 * The unfinished run of this name of the experiment, so that clients can share it, and continue it after they were
 * interrupted. Without one, no other transaction starts one of the name until this one ends.
 * @throws {InvalidInputError} no name
 * @throws {ConflictError} it executes something else
 */
export async function joinRun(client: Queryable, asked: Content, input: StartRunInput): Promise<string | null> {
  const { name, seed, subset } = input
  if (name == null) throw new InvalidInputError('Expected the name of the run to join, got none.', ['name'])
  await lockRunName(client, asked.experimentId, name)
  const found = await findUnfinishedRun(client, asked.experimentId, name)
  if (!found) return null
  const versions = [found.datasetVersion, asked.datasetVersion] as const
  const sameItems = versions[0] === versions[1] || (await haveSameItems(client, asked.datasetId, versions))
  const differences = [
    ...differing('the task', found.task, asked.task),
    ...(sameItems ? [] : differing('the version of the dataset', ...versions)),
    ...differing('the repetitions', found.settings.repetitions, asked.settings.repetitions),
    ...differing('the subset', found.subset, subset ?? null),
    ...(seed == null ? [] : differing('the seed', found.seed, seed)),
  ]
  if (differences.length === 0) return found.id
  throw new ConflictError(
    `The run "${name}" is unfinished and executes something else: ${differences.join(', ')}. Cancel it, or use another name.`,
    ['name'],
  )
}

function differing(what: string, found: unknown, asked: unknown): string[] {
  const [before, now] = [found, asked].map((value) => canonicalJson(JSON.parse(JSON.stringify(value)) as Json))
  return before === now ? [] : [`${what} was ${before} and is ${now}`]
}
