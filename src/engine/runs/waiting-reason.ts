import type { Run } from '../../db/generated/prisma/client.ts'
import type { Announced } from '../../db/sql/worker/announce-worker.ts'
import {
  type MissingFunction,
  missingFunctions,
  neededFunctions,
  type PinnedFunctions,
  registeredFunctions,
  shortHash,
} from '../../domain/execution/functions.ts'
import type { TaskSpec } from '../../domain/execution/task.ts'
import { isOver, isRescored, type Rescoring } from '../../domain/rescoring.ts'
import { noWorker } from '../workers.ts'

const maxWorkers = 5

/**
 * Why nobody executes a run, as sentences; null when somebody does or could, and when it is over. For one that clients
 * execute: why nobody scores what they have recorded; for one whose outputs are scored again: why nobody does.
 * @param workers those that are alive
 * @param unscored whether something that clients have recorded waits for workers
 */
export function waitingReason(
  run: Pick<Run, 'status' | 'running' | 'evaluationsRunning' | 'task' | 'functions' | 'rescoring'>,
  workers: readonly Announced[],
  unscored = false,
): string | null {
  const task = run.task as unknown as TaskSpec
  const rescoring = isRescored(run) ? (run.rescoring as unknown as Rescoring) : null
  const isLeftToWorkers = rescoring
    ? run.evaluationsRunning === 0
    : task.kind === 'client'
      ? unscored
      : run.running === 0
  if (isOver(run) || !isLeftToWorkers) return null
  if (workers.length === 0) return `It waits for a worker, and ${noWorker}.`
  const pinned = rescoring
    ? { tasks: {}, evaluators: rescoring.functions }
    : ((run.functions as unknown as PinnedFunctions | null) ?? neededFunctions(task, []))
  const lacking = workers.map((worker) => ({
    worker,
    missing: missingFunctions(pinned, registeredFunctions(worker.functions)),
  }))
  if (lacking.some(({ missing }) => missing.length === 0)) return null
  const wanted = missingFunctions(pinned, registeredFunctions([])).map(describe).join(', ')
  const others = lacking.slice(0, maxWorkers).map(({ worker, missing }) => {
    const has = missing.map(({ name, has }) => (has === null ? `no "${name}"` : `"${name}" ${shortHash(has)}`))
    return `${worker.name} has ${worker.problem === null ? has.join(', ') : `none: ${worker.problem.replace(/\.$/, '')}`}.`
  })
  const more = lacking.length > maxWorkers ? [`So have ${lacking.length - maxWorkers} other workers.`] : []
  return [
    `It waits for a worker with the functions that it was started with: ${wanted}.`,
    ...others,
    ...more,
    'Start a worker with that config, or cancel it and start another run.',
  ].join(' ')
}

function describe({ kind, name, wanted }: MissingFunction): string {
  return `${kind.toLowerCase()} "${name}"${wanted === null ? '' : ` ${shortHash(wanted)}`}`
}
