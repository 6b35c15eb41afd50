import type { Run } from '../../db/generated/prisma/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { advanceRun, noDelta } from '../../db/sql/run/advance-run.ts'
import { updateSettings } from '../../db/sql/run/update-run.ts'
import { parseChanges } from '../../domain/changes.ts'
import { isOver, isRescored } from '../../domain/rescoring.ts'
import { parseRunSettings } from '../../domain/run-settings.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { setLanes } from './lanes.ts'
import { changeRun } from './locked-run.ts'
import { parsePriority } from './start-run.ts'

/** What may change while a run executes: nothing that would change the meaning of its results. */
export interface UpdateRunInput {
  id: string
  concurrency?: number | null
  /** Null removes the limit. */
  budgetUsd?: number | null
  /** Null removes the limit. */
  maxFailureRate?: number | null
  /** -100 to 100; affects only lanes that no worker holds yet. */
  priority?: number | null
}

/**
 * Changes how a run is executed; this takes effect within seconds.
 * @throws {NotFoundError} no such run
 * @throws {InvalidInputError} a value out of range
 */
export async function updateRun(services: Services, scope: Scope, input: UpdateRunInput): Promise<Run> {
  const { id, priority, ...partial } = parseChanges(input, ['budgetUsd', 'maxFailureRate'])
  return changeRun(services, scope, id, async (client, run) => {
    const settings = parseRunSettings(partial, run.settings, [])
    const newPriority = parsePriority(priority ?? run.priority)
    await updateSettings(client, id, settings, newPriority)
    const { status, stopReason, stopMessage } = run
    await advanceRun(client, id, { ...noDelta, status, stopReason, stopMessage, seq: 1 })
    // What clients hold shrinks and grows with their next claim or renewal.
    if (isOver(run) || (run.remote && !isRescored(run))) return
    const open = isRescored(run) ? (run.rescoring?.total ?? 0) : run.queued + run.running
    // New lanes send their own NOTIFY.
    await setLanes(services.boss, client, { id, priority: newPriority }, Math.min(settings.concurrency, open))
    await notify(client, channels.runSettings, id)
  })
}
