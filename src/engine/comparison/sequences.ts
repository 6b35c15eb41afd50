/**
 * The anytime-valid sequences of comparisons, in schedule order: of each bounded metric one about items like these, and
 * one about exactly these items.
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
import { countCommonItems, hasChangedBefore, loadSettledItems } from '../../db/sql/comparison/load-sequence.ts'
import { metricKey, scoreMetric } from '../../domain/metric.ts'
import { DifferenceSequence } from '../../domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../domain/statistics/finite-sequence.ts'
import type { Interval } from '../../domain/statistics/interval.ts'
import { type Sides, sidesOf } from '../../domain/statistics/point-test.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import { repetitionsOf } from './repetitions.ts'

/** The current state of the sequences of a metric. */
export interface SequenceState {
  /** About items like these; null when the pairs contradict each other. */
  interval: Interval | null
  /** Number of pairs. */
  pairs: number
  sides: Sides
  onItems: {
    /** Reads every pair. */
    readonly interval: Interval | null
    sides: Sides
  }
}

interface BoundedMetric extends ComparedMetric {
  range: number
}

interface Sequences {
  like: DifferenceSequence
  these: FiniteSequence
}

interface Progress {
  baselineSeq: number
  candidateSeq: number
  /** Everything before this position of the schedule is included. */
  position: number
  /** By `metricKey`; null for one that exceeded its bounds and therefore has no interval. */
  sequences: Map<string, Sequences | null>
}

/** Sets of sequences whose progress is remembered. */
const maxRemembered = 50
/** Positions per read. */
const chunkSize = 5_000

export class ComparisonSequences {
  readonly #db: Database
  /** By the runs and by the metrics with their bounds and margins: other ones are other sequences. */
  readonly #progress = new Map<string, Promise<Progress>>()

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * The sequences of all bounded metrics that have pairs, by `metricKey`, at least as recent as these runs.
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
    const bounded = metrics.filter((metric): metric is BoundedMetric => metric.range !== null)
    if (bounded.length === 0) return new Map()
    const what = bounded.map(({ metric, range, margin, failuresCountAs }) => [metric, range, margin, failuresCountAs])
    const key = JSON.stringify([baseline.id, candidate.id, used !== null, what])
    const previous = this.#progress.get(key)
    const advanced = (async () =>
      this.#advance(db, await previous?.catch(() => undefined), baseline, candidate, bounded, used))()
    this.#progress.delete(key)
    this.#progress.set(key, advanced)
    const [oldest] = this.#progress.keys()
    if (oldest !== undefined && this.#progress.size > maxRemembered) this.#progress.delete(oldest)

    const { sequences } = await advanced
    return new Map(
      bounded.flatMap(({ metric, margin }) => {
        const sequence = sequences.get(metricKey(metric))
        return sequence && sequence.like.count > 0 ? [[metricKey(metric), stateOf(sequence, margin)]] : []
      }),
    )
  }

  async #advance(
    db: Queryable,
    before: Progress | undefined,
    baseline: Run,
    candidate: Run,
    metrics: readonly BoundedMetric[],
    used: UsedVersions | null,
  ): Promise<Progress> {
    const series = metrics.flatMap(({ metric }) => (metric.kind === 'SCORE' ? [metric] : []))
    const rules = metrics
      .flatMap(({ lackingRules }) => lackingRules)
      .filter(({ runId }) => runId === baseline.id || runId === candidate.id)
      // Whether an evaluator leaves items out is only known at the end, and pairs are never taken back.
      .map((rule) => ({ ...rule, applies: false }))
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

    const sequences = progress?.sequences ?? (await startSequences(db, baseline, candidate, metrics))
    let from = progress?.position ?? 0
    for (;;) {
      const range = { baseline, candidate, schedule, from, limit: chunkSize, used }
      const { frontier, differences } = await loadSettledItems(db, range, series, rules)
      for (const { name, source, values } of differences) {
        push(sequences, metricKey(name === null ? { kind: 'FAILED' } : scoreMetric(name, source)), values)
      }
      const full = frontier === from + chunkSize
      from = frontier
      if (!full) break
    }
    return { baselineSeq: baseline.seq, candidateSeq: candidate.seq, position: from, sequences }
  }
}

async function startSequences(
  db: Queryable,
  baseline: Run,
  candidate: Run,
  metrics: readonly BoundedMetric[],
): Promise<Map<string, Sequences>> {
  const items = await countCommonItems(db, [baseline.id, candidate.id])
  const isSingle = [baseline, candidate].every((run) => repetitionsOf(run) === 1)
  return new Map(
    metrics.map(({ metric, range, margin, dataType }) => {
      const isEvaluated = metric.kind === 'SCORE' && metric.source === 'EVALUATOR'
      const isYesOrNo = metric.kind === 'FAILED' || (isEvaluated && dataType === 'BOOLEAN')
      const like = new DifferenceSequence(range, { margin, binary: isSingle && isYesOrNo })
      return [metricKey(metric), { like, these: new FiniteSequence(range, items, margin) }]
    }),
  )
}

function scheduleOf(baseline: Run, candidate: Run): { runId: string; repetitions: number } {
  const age = baseline.createdAt.getTime() - candidate.createdAt.getTime()
  const older = age < 0 || (age === 0 && baseline.id < candidate.id) ? baseline : candidate
  return { runId: older.id, repetitions: repetitionsOf(older) }
}

/** As of now, whatever is pushed later. */
function stateOf({ like, these }: Sequences, margin: number): SequenceState {
  const interval = these.interval()
  return {
    interval: like.interval(),
    pairs: like.count,
    sides: sidesOf(like, margin),
    onItems: {
      get interval() {
        return interval()
      },
      sides: sidesOf(these, margin),
    },
  }
}

function push(sequences: Map<string, Sequences | null>, key: string, values: string): void {
  const sequence = sequences.get(key)
  if (!sequence) return
  try {
    for (const value of values.split(',')) {
      if (value === '') {
        sequence.these.push(null)
        continue
      }
      const [low = Number.NaN, high = low] = value.split(':').map(Number)
      sequence.like.push(low, high)
      sequence.these.push(low, high)
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    sequences.set(key, null)
  }
}
