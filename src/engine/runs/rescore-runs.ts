import { type Queryable, transaction } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { deleteOpenEvaluations } from '../../db/sql/evaluation/open-rescoring.ts'
import { closeRunEvaluations } from '../../db/sql/evaluation/run-evaluations.ts'
import { type CurrentVersion, loadCurrentVersions } from '../../db/sql/evaluator/load-current-versions.ts'
import { findReplaced } from '../../db/sql/evaluator/replace-versions.ts'
import { advanceRun } from '../../db/sql/run/advance-run.ts'
import { type LockedRun, lockRun } from '../../db/sql/run/lock-run.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { isOfRun } from '../../domain/evaluation.ts'
import { neededFunctions, pin } from '../../domain/execution/functions.ts'
import { spentUsd } from '../../domain/execution/stop-rules.ts'
import { isRescored, type Rescoring } from '../../domain/rescoring.ts'
import { isFinished } from '../../domain/run.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { requireEvaluators } from '../project-references.ts'
import type { Services } from '../services.ts'
import { loadFunctions } from '../workers.ts'
import { endRescoring, unchanged } from './end-rescoring.ts'
import { renewLanes } from './lanes.ts'
import { changeRun, readRun } from './locked-run.ts'

export interface RescoreRunsInput {
  runIds: readonly string[]
  /** Null: all that are active for the dataset of each run. */
  evaluatorIds?: readonly string[] | null
  /** What the evaluators may cost, for each run; null: no limit besides that of the run. */
  budgetUsd?: number | null
}

const maxRuns = 1_000

/**
 * Scores the stored outputs of finished runs again, by the current versions of evaluators, whoever executed the runs. No
 * task is called, and their status stays. Scores of other versions of these evaluators are kept, and count no more.
 * All runs or none; scoring itself is left to workers.
 *
 * @throws {NotFoundError} no such run or evaluator
 * @throws {InvalidInputError} no run, the same twice, a budget that is no amount, or an evaluator that clients execute
 * @throws {ConflictError} a run is unfinished, is being scored again already, has no outputs or no more, would stop at once, or no
 *   evaluator is active for its dataset
 */
export async function rescoreRuns(services: Services, scope: Scope, input: RescoreRunsInput): Promise<Run[]> {
  requireWrite(scope)
  const { runIds, evaluatorIds = null, budgetUsd = null } = input
  checkInput(input)
  const { pool, prisma } = services.db
  if (evaluatorIds) await requireEvaluators(prisma, scope, evaluatorIds, ['evaluatorIds'])
  return transaction(pool, async (client) => {
    const begun = new Map<string, Run>()
    // In the order of their ids, so that two callers never wait for each other.
    for (const id of runIds.toSorted()) {
      const at = ['runIds', String(runIds.indexOf(id))]
      const run = await lockRun(client, id, scope.projectId)
      if (!run) throw new NotFoundError('There is no such run in this project.', at)
      const versions = await versionsFor(client, run, evaluatorIds, at)
      await begin(client, services, run, versions, budgetUsd, at)
      begun.set(id, await readRun(client, run))
    }
    return runIds.map((id) => begun.get(id) as Run)
  })
}

function checkInput({ runIds, evaluatorIds, budgetUsd }: RescoreRunsInput): void {
  if (runIds.length === 0 || runIds.length > maxRuns) {
    throw new InvalidInputError(`expected 1 to ${maxRuns.toLocaleString('en')} runs, got ${runIds.length}`, ['runIds'])
  }
  const twice = runIds.findIndex((id, index) => runIds.indexOf(id) !== index)
  if (twice !== -1) {
    throw new InvalidInputError('expected each run once, got one twice', ['runIds', String(twice)])
  }
  if (evaluatorIds?.length === 0) {
    throw new InvalidInputError('expected at least one evaluator, got none', ['evaluatorIds'])
  }
  if (budgetUsd != null && !(budgetUsd > 0 && Number.isFinite(budgetUsd))) {
    throw new InvalidInputError(`expected an amount above 0 USD, got ${budgetUsd}`, ['budgetUsd'])
  }
}

async function versionsFor(
  client: Queryable,
  run: LockedRun,
  evaluatorIds: readonly string[] | null,
  at: string[],
): Promise<CurrentVersion[]> {
  const found = await loadCurrentVersions(client, run.id, evaluatorIds)
  const ofServer = found.filter(({ definition }) => definition.kind !== 'client')
  const ofClients = found.find(({ definition }) => definition.kind === 'client')
  if (evaluatorIds && ofClients) {
    throw new InvalidInputError(
      `expected evaluators that the server has, got "${ofClients.name}", which clients execute. Create one for the server, or record its scores with setScores`,
      ['evaluatorIds', String(evaluatorIds.indexOf(ofClients.evaluatorId))],
    )
  }
  if (ofServer.length > 0) return ofServer
  throw new ConflictError(
    'No evaluator is active for the dataset of this run. Name those that are to score it in evaluatorIds.',
    at,
  )
}

async function begin(
  client: Queryable,
  services: Services,
  run: LockedRun,
  versions: readonly CurrentVersion[],
  budgetUsd: number | null,
  at: string[],
): Promise<void> {
  requireRescorable(run, at)
  const idsOf = (some: readonly CurrentVersion[]) => some.map(({ versionId }) => versionId)
  const versionIds = idsOf(versions)
  const ofRun = idsOf(versions.filter(({ definition }) => isOfRun(definition)))
  const ofItems = versionIds.filter((id) => !ofRun.includes(id))
  const replaced = await findReplaced(client, run.id, versionIds)
  // They are opened again in their turn, or were to be made by versions that count no more.
  const ofItemsOpen = await deleteOpenEvaluations(client, run.id, [...versionIds, ...replaced.versionIds])
  const dropped = ofItemsOpen + (await closeRunEvaluations(client, run.id))
  const left = run.evaluationsQueued - dropped
  const definitions = versions.map(({ definition }) => definition)
  const needed = neededFunctions(null, definitions)
  const isPinned = Object.keys(needed.evaluators).length > 0
  const rescoring: Rescoring = {
    status: 'RUNNING',
    versionIds: ofItems,
    runVersionIds: ofRun.length > 0 ? ofRun : null,
    functions: isPinned ? pin(needed, await loadFunctions(client)).evaluators : {},
    total: left + run.succeeded * ofItems.length + ofRun.length,
    opened: left,
    next: ofItems.length === 0 ? run.total : 0,
    replaced: 0,
    budgetUsd,
    spentBeforeUsd: run.evaluatorCostSum,
    costMax: null,
  }
  await advanceRun(client, run.id, { ...unchanged(run), rescoring, seq: 1, evaluationsQueued: -dropped })
  await renewLanes(services.boss, client, run, Math.min(run.settings.concurrency, rescoring.total))
}

function requireRescorable(run: LockedRun, at: string[]): void {
  if (!isFinished(run.status)) {
    throw new ConflictError(`Only a finished run can be scored again; this one is ${run.status}.`, at)
  }
  requireNotRescored(run, at)
  requireOutputs(run, at)
  if (run.succeeded === 0) throw new ConflictError('This run has no outputs that could be scored.', at)
  const { budgetUsd } = run.settings
  if (budgetUsd !== null && spentUsd(run) >= budgetUsd) {
    throw new ConflictError(
      `The run has spent ${spentUsd(run)} of its ${budgetUsd} USD and could pay for no evaluation. Raise its budgetUsd with updateRun first.`,
      at,
    )
  }
}

/** @throws {ConflictError} the outputs of the run, which would be scored, were removed */
export function requireOutputs({ outputsRemoved }: LockedRun, at: string[]): void {
  if (!outputsRemoved) return
  throw new ConflictError(
    'The outputs of this run were removed by the retention rules of its project, so they cannot be scored any more.',
    at,
  )
}

/** @throws {ConflictError} the outputs of the run are being scored again */
export function requireNotRescored(run: Pick<LockedRun, 'rescoring'>, at: string[]): void {
  if (!isRescored(run)) return
  throw new ConflictError(
    'The outputs of this run are being scored again. Wait until that has ended, or end it with cancelRescoring.',
    at,
  )
}

/**
 * Ends that the outputs of a run are scored again. What has been scored stays, and calls in flight are aborted. A run that
 * is not being scored is returned unchanged.
 * @throws {NotFoundError} no such run
 */
export function cancelRescoring(services: Services, scope: Scope, runId: string): Promise<Run> {
  return changeRun(services, scope, runId, async (client, run) => {
    const { rescoring } = run
    if (rescoring?.status === 'RUNNING') await endRescoring(client, { ...run, rescoring }, unchanged(run), 'CANCELLED')
  })
}
