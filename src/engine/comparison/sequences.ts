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
import { loadClusters } from '../../db/sql/comparison/load-clusters.ts'
import { hasChangedBefore, loadCommonItemIds } from '../../db/sql/comparison/load-sequence.ts'
import { metricKey, scoreMetric } from '../../domain/metric.ts'
import { DifferenceSequence } from '../../domain/statistics/difference-sequence.ts'
import { FiniteSequence } from '../../domain/statistics/finite-sequence.ts'
import type { Interval } from '../../domain/statistics/interval.ts'
import { type Sides, sidesOf } from '../../domain/statistics/point-test.ts'
import { type ClusterDifference, ClusterProgress } from './cluster-progress.ts'
import type { ComparedMetric } from './compared-metrics.ts'
import { repetitionsOf } from './repetitions.ts'
import type { RunValues } from './run-values.ts'
import { loadSettledPairs, type SettledDifferences, type SettledPairs, settledPairs } from './settled-pairs.ts'

/** The current state of the sequences of a metric. */
export interface SequenceState {
  /** About items like these; null when the pairs contradict each other. */
  interval: Interval | null
  /** Number of pairs. */
  pairs: number
  sides: Sides
  onItems: {
    interval: Interval | null
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

/** What two runs have, and the ids of the items whose content differs. */
export interface ReplayedRuns {
  baseline: RunValues
  candidate: RunValues
  changed: ReadonlySet<number>
  /** Of the items that are in both. */
  itemIds: Float64Array
  /** What the items belong to; null: they are independent. */
  clusters: ReadonlyMap<number, number> | null
}

interface Progress {
  baselineSeq: number
  candidateSeq: number
  /** Everything before this position of the schedule is included. */
  position: number
  /** By `metricKey`; null for one that exceeded its bounds and therefore has no interval. */
  sequences: Map<string, Sequences | null>
  /** Null: the items are independent. */
  clusters: ClusterProgress | null
}

/** Sets of sequences whose progress is remembered. */
const maxRemembered = 50
/** Positions per read: few while a run is followed, many while one is replayed. */
const firstChunk = 2_000
const largestChunk = 128_000

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
   * @param clusterPath where the metadata says which items belong together; empty: they are independent
   * @param replayed what both runs have, if it was read already: it is then not read again to start over
   */
  async read(
    baseline: Run,
    candidate: Run,
    metrics: readonly ComparedMetric[],
    used: UsedVersions | null = null,
    db: Queryable = this.#db.pool,
    replayed: ReplayedRuns | null = null,
    clusterPath: readonly string[] = [],
  ): Promise<Map<string, SequenceState>> {
    const bounded = metrics.filter((metric): metric is BoundedMetric => metric.range !== null)
    if (bounded.length === 0) return new Map()
    const what = bounded.map(({ metric, range, margin, failuresCountAs }) => [metric, range, margin, failuresCountAs])
    const key = JSON.stringify([baseline.id, candidate.id, used !== null, what, clusterPath])
    const previous = this.#progress.get(key)
    const advanced = (async () =>
      this.#advance(
        db,
        await previous?.catch(() => undefined),
        baseline,
        candidate,
        bounded,
        used,
        replayed,
        clusterPath,
      ))()
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
    replayed: ReplayedRuns | null,
    clusterPath: readonly string[],
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

    const start = async () => {
      const [itemIds, belongTo] = await Promise.all([
        replayed?.itemIds ?? loadCommonItemIds(db, [baseline.id, candidate.id]),
        replayed ? replayed.clusters : clustersOf(db, baseline, clusterPath),
      ])
      return startSequences(baseline, candidate, metrics, itemIds, belongTo)
    }
    const { sequences, clusters } = progress ?? (await start())
    const add = (pairs: SettledPairs) => {
      const completed = clusters?.add(pairs)
      const keys = [...series.map(({ name, source }) => scoreMetric(name, source)), { kind: 'FAILED' } as const]
      for (const [index, metric] of keys.entries()) {
        const differences = pairs.series[index] ?? pairs.failed
        push(sequences, metricKey(metric), differences, completed?.[index] ?? null)
      }
      return pairs.frontier
    }
    if (!progress && replayed) {
      const [own, other] = [replayed.baseline, replayed.candidate]
      const followed = own.run.id === schedule.runId ? own : other
      const position = add(settledPairs(own, other, followed, series, rules, replayed.changed))
      return { baselineSeq: own.run.seq, candidateSeq: other.run.seq, position, sequences, clusters }
    }
    let from = progress?.position ?? 0
    for (let limit = firstChunk; ; limit = Math.min(4 * limit, largestChunk)) {
      const range = { baseline, candidate, schedule, from, limit, used }
      const frontier = add(await loadSettledPairs(db, range, series, rules))
      const isFull = frontier === from + limit
      from = frontier
      if (!isFull) break
    }
    return { baselineSeq: baseline.seq, candidateSeq: candidate.seq, position: from, sequences, clusters }
  }
}

async function clustersOf(
  db: Queryable,
  { datasetId, datasetVersion: version }: Run,
  path: readonly string[],
): Promise<ReadonlyMap<number, number> | null> {
  return path.length === 0 ? null : loadClusters(db, { datasetId, version, path })
}

/** @param belongTo null: the items are independent */
function startSequences(
  baseline: Run,
  candidate: Run,
  metrics: readonly BoundedMetric[],
  itemIds: Float64Array,
  belongTo: ReadonlyMap<number, number> | null,
): Pick<Progress, 'sequences' | 'clusters'> {
  const clusters = belongTo && new ClusterProgress(itemIds, belongTo)
  const isSingle = [baseline, candidate].every((run) => repetitionsOf(run) === 1)
  const sequences = new Map(
    metrics.map(({ metric, range, margin, dataType }) => {
      const isEvaluated = metric.kind === 'SCORE' && metric.source === 'EVALUATOR'
      const isYesOrNo = metric.kind === 'FAILED' || (isEvaluated && dataType === 'BOOLEAN')
      const like = new DifferenceSequence(range, { margin, binary: isSingle && isYesOrNo && !clusters })
      return [metricKey(metric), { like, these: new FiniteSequence(range, itemIds.length, margin) }] as const
    }),
  )
  return { sequences, clusters }
}

function scheduleOf(baseline: Run, candidate: Run): { runId: string; repetitions: number } {
  const age = baseline.createdAt.getTime() - candidate.createdAt.getTime()
  const older = age < 0 || (age === 0 && baseline.id < candidate.id) ? baseline : candidate
  return { runId: older.id, repetitions: repetitionsOf(older) }
}

function stateOf({ like, these }: Sequences, margin: number): SequenceState {
  return {
    interval: like.interval(),
    pairs: like.count,
    sides: sidesOf(like, margin),
    onItems: { interval: these.interval(), sides: sidesOf(these, margin) },
  }
}

/** @param clusters those that these items complete; null: the items are independent */
function push(
  sequences: Map<string, Sequences | null>,
  key: string,
  { lowest, highest }: SettledDifferences,
  clusters: readonly ClusterDifference[] | null,
): void {
  const sequence = sequences.get(key)
  if (!sequence) return
  try {
    const isAll = sequence.these.isAll(lowest.length)
    if (isAll) sequence.these.pushAll(lowest, highest)
    for (const [index, low] of lowest.entries()) {
      const high = highest[index] as number
      const hasPair = !Number.isNaN(low)
      if (hasPair && !clusters) sequence.like.push(low, high)
      if (!isAll) sequence.these.push(hasPair ? low : null, hasPair ? high : null)
    }
    for (const { lowest, highest, weight } of clusters ?? []) sequence.like.push(lowest, highest, weight)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    sequences.set(key, null)
  }
}
