/**
 * Stops runs whose comparison is decided (`STOPPED`, `EARLY_DECISION`) by the anytime-valid sequence, which may be
 * checked after every pair. Every process with a worker watches; the first to see the decision acts on it.
 */
import type { RunChanges } from '../../db/run-changes.ts'
import { findEarlyStopRuns, type WatchedRun } from '../../db/sql/run/find-early-stop-runs.ts'
import { decideEarly, questionOf } from '../../domain/early-stop.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { metricKey } from '../../domain/metric.ts'
import { SingleFlight } from '../../domain/single-flight.ts'
import { stopRun } from '../runs/stop-run.ts'
import type { Services } from '../services.ts'
import { metricIn } from './compared-metrics.ts'
import { isScoredAlike, openComparison, usedVersions } from './comparison.ts'
import type { ComparisonSequences } from './sequences.ts'

/** Minimum interval between checks. */
const intervalMs = 200

export class EarlyStops {
  readonly #services: Services
  readonly #sequences: ComparisonSequences
  readonly #off: () => void
  readonly #checks = new SingleFlight(() => this.#check())
  /** The last seq checked of each run. */
  readonly #checked = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(services: Services, changes: RunChanges, sequences: ComparisonSequences) {
    this.#services = services
    this.#sequences = sequences
    this.#off = changes.on(() => this.#checkSoon())
  }

  /** Resolves when no check is running. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#off()
    if (this.#timer) clearTimeout(this.#timer)
    await this.#checks.settled()
  }

  #checkSoon(): void {
    if (this.#stopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      void this.#checks.run()
    }, intervalMs)
  }

  async #check(): Promise<void> {
    const { db, log } = this.#services
    try {
      const runs = await findEarlyStopRuns(db.pool)
      for (const id of this.#checked.keys()) if (!runs.some((run) => run.id === id)) this.#checked.delete(id)
      for (const run of runs) {
        if (this.#checked.get(run.id) === run.seq || this.#stopped) continue
        this.#checked.set(run.id, run.seq)
        await this.#decide(run)
      }
    } catch (error) {
      log.warn({ err: error }, 'early stops: could not check the runs')
    }
  }

  async #decide({ id, projectId, earlyStop }: WatchedRun): Promise<void> {
    const { db, log } = this.#services
    const { baselineId, metric, margin } = earlyStop
    try {
      const comparison = await openComparison(db, { projectId }, { baselineId, candidateIds: [id] })
      const { baseline, candidates } = comparison
      const watched = { ...metricIn(comparison.metrics, metric, ['earlyStop', 'metric']), margin }
      const [candidate = baseline] = candidates
      if (!isScoredAlike(watched, 0)) return
      const used = usedVersions(comparison, candidate)
      const state = (
        await this.#sequences.read(baseline, candidate, [watched], used, db.pool, null, comparison.clusterPath)
      ).get(metricKey(watched.metric))
      if (!state) return
      const question = questionOf(earlyStop)
      const { sides } = question === 'ON_THESE_ITEMS' ? state.onItems : state
      const verdict = decideEarly(sides, watched.direction, margin, question)
      if (verdict === 'INCONCLUSIVE' || !(await stopRun(this.#services, id, 'EARLY_DECISION'))) return
      const [runId, compared] = [id, baselineId].map((run) => encodeGlobalId('Run', run))
      const decided = { runId, baselineId: compared, metric, question, verdict, pairs: state.pairs }
      log.info(decided, 'run: its comparison is decided')
    } catch (error) {
      // If its baseline was deleted, a run is compared with nothing and continues to its end.
      if (!(error instanceof NotFoundError)) throw error
    }
  }
}
