/**
 * Repairs runs that make no progress although they could: their lanes are lost, items are under leases that no lane
 * has, or their lanes are held by workers that claim nothing. None is known to happen; this exists so that a bug, a
 * restored backup or a hand-edited table costs a minute instead of a run.
 */
import { transaction } from '../../db/client.ts'
import { requeueHeldEvaluations } from '../../db/sql/evaluation/requeue-evaluations.ts'
import { findIdleRuns, type IdleRun } from '../../db/sql/run/find-idle-runs.ts'
import { deleteStrandedLanes, findStrandedRuns } from '../../db/sql/run/find-stranded-runs.ts'
import { lockRun } from '../../db/sql/run/lock-run.ts'
import { requeueStranded } from '../../db/sql/run-item/requeue-stranded.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { renewLanes, setLanes, workerConcurrency } from '../runs/lanes.ts'
import type { Services } from '../services.ts'
import { expireClients } from './client-lanes.ts'
import { countRequeued } from './requeue.ts'

/** A run that is idle in two checks at least this far apart, in milliseconds, without a change in between, is stuck. */
const idleMs = 15_000

export class Reconciler {
  readonly #services: Services
  readonly #clock: Clock
  /** The idle runs of the last check. */
  #idle = new Map<string, { seq: number; since: number }>()

  constructor(services: Services, clock: Clock = systemClock) {
    this.#services = services
    this.#clock = clock
  }

  /** Checks all runs once and returns the ids of those it repaired. Safe to run in several processes at once. */
  async check(): Promise<string[]> {
    await expireClients(this.#services)
    const repaired = [...(await this.#repairStranded()), ...(await this.#repairIdle())]
    if (repaired.length > 0) {
      const { log, metrics } = this.#services
      metrics.runsRepaired.inc(repaired.length)
      const runIds = repaired.map((id) => encodeGlobalId('Run', id))
      log.warn({ runIds }, 'reconciler: repaired runs that no lane worked on')
    }
    return repaired
  }

  async #repairStranded(): Promise<string[]> {
    const { db, boss } = this.#services
    const repaired: string[] = []
    for (const runId of await findStrandedRuns(db.pool, null)) {
      await transaction(db.pool, async (client) => {
        const run = await lockRun(client, runId)
        const still = await findStrandedRuns(client, runId)
        if (!run || still.length === 0) return
        await deleteStrandedLanes(client, runId)
        await countRequeued(client, run, {
          items: await requeueStranded(client, runId, run.seq),
          evaluations: await requeueHeldEvaluations(client, runId, 'STRANDED'),
        })
        await setLanes(boss, client, run, await workerConcurrency(client, run))
        repaired.push(runId)
      })
    }
    return repaired
  }

  /** Gives idle runs new lanes; the workers that hold the old ones find them gone. */
  async #repairIdle(): Promise<string[]> {
    const { db, boss } = this.#services
    const now = this.#clock.now()
    const found = await findIdleRuns(db.pool, null)
    const since = ({ id, seq }: IdleRun) => {
      const before = this.#idle.get(id)
      return before?.seq === seq ? before.since : now
    }
    this.#idle = new Map(found.map((run) => [run.id, { seq: run.seq, since: since(run) }]))
    const repaired: string[] = []
    for (const [runId, { seq, since }] of this.#idle) {
      if (now - since < idleMs) continue
      await transaction(db.pool, async (client) => {
        const run = await lockRun(client, runId)
        const [still] = await findIdleRuns(client, runId)
        if (!run || still?.seq !== seq) return
        await renewLanes(boss, client, run, await workerConcurrency(client, run))
        this.#idle.delete(runId)
        repaired.push(runId)
      })
    }
    return repaired
  }
}
