/**
 * Stops runs whose comparison is decided (`STOPPED`, `EARLY_DECISION`), by the anytime-valid sequence: looking at it after every
 * pair is what it is made for. Every process with a worker watches; whoever sees the decision first acts on it.
 */

import type { RunChanges } from '../../db/run-changes.ts'
import { earlyStopRuns, type WatchedRun } from '../../db/sql/run/find-early-stop-runs.ts'
import { decideEarly } from '../../domain/early-stop.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { stopRun } from '../runs/stop-run.ts'
import type { Services } from '../services.ts'
import { metricNamed, openComparison } from './comparison.ts'
import { ComparisonSequences } from './sequences.ts'

/** Runs are looked at so often at most. */
const paceMs = 200

export class EarlyStops {
  readonly #services: Services
  readonly #sequences: ComparisonSequences
  readonly #off: () => void
  readonly #seen = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(services: Services, changes: RunChanges) {
    this.#services = services
    this.#sequences = new ComparisonSequences(services.db)
    this.#off = changes.on(() => this.#lookSoon())
  }

  /** Resolves when nothing is under way any more. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#off()
    if (this.#timer) clearTimeout(this.#timer)
    await this.#looking
  }

  #lookSoon(): void {
    if (this.#stopped) return
    this.#timer ??= setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#timer = null
      })
    }, paceMs)
  }

  async #look(): Promise<void> {
    const { db, log } = this.#services
    try {
      const runs = await earlyStopRuns(db.pool)
      for (const id of this.#seen.keys()) if (!runs.some((run) => run.id === id)) this.#seen.delete(id)
      for (const run of runs) {
        if (this.#seen.get(run.id) === run.seq || this.#stopped) continue
        this.#seen.set(run.id, run.seq)
        await this.#decide(run)
      }
    } catch (error) {
      log.warn({ err: error }, 'early stops: could not look at the runs')
    }
  }

  async #decide({ id, projectId, earlyStop }: WatchedRun): Promise<void> {
    const { db, log } = this.#services
    const { baselineId, metric, margin } = earlyStop
    try {
      const comparison = await openComparison(db, { projectId }, { baselineId, candidateIds: [id] })
      const { baseline, candidates } = comparison
      const watched = metricNamed(comparison, metric, ['earlyStop', 'metric'])
      const [candidate = baseline] = candidates
      const state = (await this.#sequences.read(baseline, candidate, [watched])).get(metric)
      const verdict = decideEarly(state?.interval ?? null, watched.direction, margin)
      if (!verdict || !(await stopRun(this.#services, id, 'EARLY_DECISION'))) return
      log.info({ runId: id, baselineId, metric, verdict, pairs: state?.pairs }, 'run: its comparison is decided')
    } catch (error) {
      // Without its baseline a run is compared with nothing, and goes on to its end.
      if (!(error instanceof NotFoundError)) throw error
    }
  }
}
