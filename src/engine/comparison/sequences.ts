/**
 * The anytime-valid sequences of comparisons, in schedule order.
 *
 * A sequence is a function of the rows of its two runs and nothing else: replaying it from the start and following it
 * while the runs execute give the same intervals. Following only saves the replay: a process remembers its progress for
 * the most recently compared pairs of runs, and starts over when anything before that position has changed.
 *
 * The order is the schedule of the older run, whichever is the baseline, so that swapping the runs mirrors the
 * intervals.
 */
import type { Database, Queryable } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import type { UsedVersions } from '../../db/sql/comparison/changed-items.ts'
import { hasChangedBefore, loadSettledPairs } from '../../db/sql/comparison/load-sequence.ts'
import { metricKey, scoreMetric } from '../../domain/metric.ts'
import type { RunSettings } from '../../domain/run.ts'
import { DifferenceSequence } from '../../domain/statistics/difference-sequence.ts'
import type { Interval } from '../../domain/statistics/interval.ts'
import type { ComparedMetric } from './comparison.ts'

/** The current state of a sequence. */
export interface SequenceState {
  /** Null when the pairs contradict each other. */
  interval: Interval | null
  /** Number of pairs. */
  pairs: number
}

interface BoundedScore {
  metric: Extract<ComparedMetric['metric'], { kind: 'SCORE' }>
  range: number
}

interface Progress {
  baselineSeq: number
  candidateSeq: number
  /** Everything before this position of the schedule is included. */
  position: number
  /** By `metricKey`; null for one that exceeded its bounds and therefore has no interval. */
  sequences: Map<string, DifferenceSequence | null>
}

/** Sets of sequences whose progress is remembered. */
const maxRemembered = 50
/** Positions per read. */
const chunkSize = 5_000

export class ComparisonSequences {
  readonly #db: Database
  /** By the runs and by the metrics with their bounds: other ones are other sequences. */
  readonly #progress = new Map<string, Promise<Progress>>()

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * The sequences of all bounded scores that have pairs, by `metricKey`, at least as recent as these runs.
   * @param used if given, the items whose content differs are left out
   * @param db what the runs were read from; default: the database now
   */
  async read(
    baseline: Run,
    candidate: Run,
    metrics: readonly ComparedMetric[],
    used: UsedVersions | null = null,
    db: Queryable = this.#db.pool,
  ): Promise<Map<string, SequenceState>> {
    const bounded = metrics.flatMap(({ metric, range }) =>
      metric.kind === 'SCORE' && range !== null ? [{ metric, range }] : [],
    )
    if (bounded.length === 0) return new Map()
    const key = JSON.stringify([baseline.id, candidate.id, used !== null, bounded])
    const previous = this.#progress.get(key)
    const advanced = (async () =>
      this.#advance(db, await previous?.catch(() => undefined), baseline, candidate, bounded, used))()
    this.#progress.delete(key)
    this.#progress.set(key, advanced)
    const [oldest] = this.#progress.keys()
    if (oldest !== undefined && this.#progress.size > maxRemembered) this.#progress.delete(oldest)

    const { sequences } = await advanced
    return new Map(
      bounded.flatMap(({ metric }) => {
        const sequence = sequences.get(metricKey(metric))
        if (!sequence || sequence.count === 0) return []
        return [[metricKey(metric), { interval: sequence.interval(), pairs: sequence.count }]]
      }),
    )
  }

  async #advance(
    db: Queryable,
    before: Progress | undefined,
    baseline: Run,
    candidate: Run,
    scores: readonly BoundedScore[],
    used: UsedVersions | null,
  ): Promise<Progress> {
    const series = scores.map(({ metric }) => metric)
    const schedule = scheduleOf(baseline, candidate)
    let progress = before
    if (progress) {
      if (progress.baselineSeq >= baseline.seq && progress.candidateSeq >= candidate.seq) return progress
      const changed = [
        { runId: baseline.id, after: progress.baselineSeq },
        { runId: candidate.id, after: progress.candidateSeq },
      ]
      if (await hasChangedBefore(db, schedule.runId, progress.position, changed)) progress = undefined
    }

    const sequences =
      progress?.sequences ??
      new Map(scores.map(({ metric, range }) => [metricKey(metric), new DifferenceSequence(range)]))
    let from = progress?.position ?? 0
    for (;;) {
      const range = { baseline, candidate, schedule, from, limit: chunkSize, used }
      const { frontier, differences } = await loadSettledPairs(db, range, series)
      for (const { name, source, values } of differences) push(sequences, metricKey(scoreMetric(name, source)), values)
      const full = frontier === from + chunkSize
      from = frontier
      if (!full) break
    }
    return { baselineSeq: baseline.seq, candidateSeq: candidate.seq, position: from, sequences }
  }
}

function scheduleOf(baseline: Run, candidate: Run): { runId: string; repetitions: number } {
  const age = baseline.createdAt.getTime() - candidate.createdAt.getTime()
  const older = age < 0 || (age === 0 && baseline.id < candidate.id) ? baseline : candidate
  return { runId: older.id, repetitions: (older.settings as unknown as RunSettings).repetitions }
}

function push(sequences: Map<string, DifferenceSequence | null>, key: string, values: string): void {
  const sequence = sequences.get(key)
  if (!sequence) return
  try {
    for (const value of values.split(',')) sequence.push(Number(value))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    sequences.set(key, null)
  }
}
