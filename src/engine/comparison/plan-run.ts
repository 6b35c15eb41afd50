/** How many items and repetitions a run needs to show something, and what it costs, from what an earlier run was like. */
import type { Database } from '../../db/client.ts'
import type { Run } from '../../db/generated/prisma/client.ts'
import { executionStatus } from '../../db/sql/comparison/load-run-columns.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { type MetricInput, parseMetric } from '../../domain/metric.ts'
import { isFinished } from '../../domain/run.ts'
import { finishedCount } from '../../domain/run-figures.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { clusterMoments } from '../../domain/statistics/clusters.ts'
import {
  expectedStop,
  itemsNeeded,
  type PlanBasis,
  type PlanGoal,
  repetitionsNeeded,
  sizeReached,
} from '../../domain/statistics/run-plan.ts'
import { stableMoments } from '../../domain/statistics/stable-moments.ts'
import { type RunSpread, splitVariance, spreadOf } from '../../domain/statistics/variance-split.ts'
import { type ComparedMetric, metricIn, valuesOf } from './compared-metrics.ts'
import { alignCandidate, type ComparedValues, loadComparedValues, pairsOf } from './compared-values.ts'
import { openComparison } from './comparison.ts'
import { describeCompared } from './counted-scores.ts'
import type { MetricPairs } from './metric-figures.ts'
import { repetitionsOf } from './repetitions.ts'
import { type RunValues, rangeOf } from './run-values.ts'

export interface PlanInput {
  runId: string
  /** A run on the same dataset; default: its approved baseline, if that is another run, else none. */
  baselineId?: string | null
  metric: MetricInput
  /** Exactly one: the smallest difference that is worth showing, or the largest loss that is acceptable. */
  goal: { effect?: number | null; margin?: number | null }
  /** Default: 0.8. */
  power?: number | null
  clusterPath?: readonly string[] | null
}

export interface PlanOption {
  repetitions: number
  items: number
  /** Items × repetitions. */
  executions: number
  /** Of the task and its evaluators; null where what an execution costs is not known. */
  costUsd: number | null
  /** Whether the dataset has so many items. */
  isAvailable: boolean
}

export interface RunPlan {
  run: Run
  /** Null: the spread is a guess from one run. */
  baseline: Run | null
  metric: ComparedMetric
  goal: PlanGoal
  power: number
  basis: PlanBasis
  /** Pairs that the spread is from; items, of one run. */
  pairs: number
  /** In the newest version of the dataset. */
  datasetItems: number
  options: PlanOption[]
  /** The cheapest one that the dataset has the items for; null: it has not. */
  recommended: PlanOption | null
  /** What a run of all items of the dataset reaches with the repetitions of `run`. */
  reached: number | null
  /** For the expected stop. */
  differences: Float64Array
}

/** How many repetitions are compared, where it is known what they are worth. */
const repetitionsCompared = [1, 2, 3, 5, 10]
/** How much two runs of one item are assumed to have in common, where only one run is known. */
const assumedCorrelation = 0.5

/**
 * Plans a comparison from an earlier run. Reads all of its items.
 *
 * The spread of the differences is that of the two runs, or of one of them: with repetitions that of its answers to the
 * same items, as if the two systems solved the same ones; without, as if half of the variance was the items'.
 *
 * @throws {NotFoundError} no such run
 * @throws {InvalidInputError} not exactly one of effect and margin, one that is not above 0, a metric without numbers
 * @throws {ConflictError} a run that has not finished, or too few items with a value
 */
export async function planRun(db: Database, scope: ProjectScope, input: PlanInput): Promise<RunPlan> {
  const { runId, baselineId = null, clusterPath = null } = input
  const goal = goalOf(input.goal)
  const power = input.power ?? 0.8
  if (!(power >= 0.5 && power < 1)) {
    throw new InvalidInputError(`Expected a power of 0.5 or more and below 1, got ${power}.`, ['power'])
  }
  const opened = (baselineId: string, path: string) =>
    openComparison(db, scope, { baselineId, candidateIds: [runId], clusterPath }).catch((error) => {
      if (error instanceof NotFoundError) throw new NotFoundError(error.message, [path])
      const isOther = error instanceof InvalidInputError && error.path?.[0] !== 'clusterPath'
      throw isOther ? new InvalidInputError(error.message, [path]) : error
    })
  const alone = await opened(runId, 'runId')
  const dataset = await db.prisma.dataset.findUniqueOrThrow({ where: { id: alone.baseline.datasetId } })
  const otherId = baselineId ?? dataset.baselineRunId
  const comparison = otherId === null || otherId === runId ? alone : await opened(otherId, 'baselineId')
  const run = comparison.candidates[0] as Run
  const baseline = comparison.baseline.id === runId ? null : comparison.baseline
  for (const [one, path] of [
    [run, 'runId'],
    [baseline, 'baselineId'],
  ] as const) {
    if (!one || isFinished(one.status)) continue
    throw new ConflictError(`Expected a run that has finished, "${one.name}" is ${one.status}.`, [path])
  }
  const metric = metricIn(comparison.metrics, parseMetric(input.metric, ['metric']), ['metric'])
  if (valuesOf(metric).kind === 'LABEL') {
    throw new InvalidInputError(`Expected a metric with numbers, got ${describeCompared(metric)}.`, ['metric'])
  }
  const values = await loadComparedValues(db, comparison, [metric])
  const own = alignCandidate(values, 0)
  const pairs = pairsOf(values, 0, metric, own)
  if (pairs.differences.length < 2) {
    throw new ConflictError(`Expected a run with at least two values, ${describeCompared(metric)} has fewer.`, [
      'metric',
    ])
  }
  const { differences, ...found } = baseline ? basisOfPairs(values, metric, pairs) : basisOfRun(values, metric, pairs)
  const clusters =
    own.clusters &&
    clusterMoments(
      baseline ? pairs.differences : pairs.candidate,
      pairs.items.map((item) => own.clusters?.[item] as number),
    )
  const basis = { ...found, designEffect: clusters?.designEffect ?? 1 }
  const costOf = costPerExecution(run)
  const options = optionsOf(basis, goal, power, dataset.itemCount, costOf)
  const available = options.filter(({ isAvailable }) => isAvailable)
  return {
    ...{ run, baseline, metric, goal, power, basis, options, differences },
    pairs: pairs.differences.length,
    datasetItems: dataset.itemCount,
    recommended: available.toSorted((a, b) => a.executions - b.executions)[0] ?? null,
    reached: sizeReached(basis, goal.kind, power, basis.repetitions, dataset.itemCount),
  }
}

function goalOf({ effect, margin }: PlanInput['goal']): PlanGoal {
  if ((effect == null) === (margin == null)) {
    throw new InvalidInputError('Expected exactly one of effect and margin.', ['goal'])
  }
  const [kind, size, path] =
    effect == null ? (['MARGIN', margin, 'margin'] as const) : (['EFFECT', effect, 'effect'] as const)
  if (size != null && size > 0 && Number.isFinite(size)) return { kind, size }
  throw new InvalidInputError(`Expected a number above 0, got ${size}.`, ['goal', path])
}

type Basis = Omit<PlanBasis, 'designEffect'> & { differences: Float64Array }

function basisOfPairs(
  values: ComparedValues,
  metric: ComparedMetric,
  { differences, baseline, candidate }: MetricPairs,
): Basis {
  const { stddev } = stableMoments(differences)
  const [before, after] = values.runs.map((run) => spreadOfRun(run, metric)) as [RunSpread, RunSpread]
  const repetitions = Math.max(...values.runs.map(({ run }) => repetitionsOf(run)))
  const isBinary = [...baseline, ...candidate].every((value) => value === 0 || value === 1)
  return {
    variance: stddev ** 2,
    repetitions,
    split: splitVariance(stddev ** 2, before, after),
    changed: isBinary && repetitions === 1 ? share(differences) : null,
    differences,
  }
}

/** Of a run compared with itself: its differences are 0, its values are not. */
function basisOfRun({ runs }: ComparedValues, metric: ComparedMetric, { candidate }: MetricPairs): Basis {
  const run = runs[0] as RunValues
  const repetitions = repetitionsOf(run.run)
  const spread = spreadOfRun(run, metric)
  const { mean, stddev } = stableMoments(candidate)
  const split = spread.within === null ? null : { items: 0, repetitions: 2 * spread.within }
  const variance = split ? split.repetitions / repetitions : 2 * (1 - assumedCorrelation) * stddev ** 2
  const isBinary = candidate.every((value) => value === 0 || value === 1)
  const scale = stddev > 0 ? Math.sqrt(variance) / stddev : 0
  return {
    ...{ variance, repetitions, split },
    changed: isBinary && repetitions === 1 ? variance : null,
    differences: candidate.map((value) => (value - mean) * scale),
  }
}

function share(differences: Float64Array): number {
  return differences.reduce((count, difference) => count + (difference === 0 ? 0 : 1), 0) / differences.length
}

function spreadOfRun(run: RunValues, metric: ComparedMetric): RunSpread {
  const rangeAt = rangeOf(run, metric)
  const { repetitions, itemIds, statuses } = run
  return spreadOf(
    Array.from(itemIds, (_, item) =>
      Array.from({ length: repetitions }, (_, repetition) => {
        const ordinal = item * repetitions + repetition
        return statuses[ordinal] === executionStatus.OPEN ? Number.NaN : (rangeAt(ordinal)?.value ?? Number.NaN)
      }).filter((value) => !Number.isNaN(value)),
    ),
  )
}

/** Of the task and its evaluators; null unless the cost of every succeeded item is known. */
function costPerExecution(run: Run): number | null {
  const finished = finishedCount(run)
  if (run.costCount === 0 || run.costCount < run.succeeded) return null
  return (
    run.costSum / run.costCount + (run.evaluatorCostCount > 0 && finished > 0 ? run.evaluatorCostSum / finished : 0)
  )
}

function optionsOf(
  basis: PlanBasis,
  goal: PlanGoal,
  power: number,
  datasetItems: number,
  costOf: number | null,
): PlanOption[] {
  const enough = repetitionsNeeded(basis, goal, power, datasetItems)
  const compared = basis.split ? [...repetitionsCompared, ...(enough ? [enough] : [])] : [basis.repetitions]
  return [...new Set(compared)]
    .sort((a, b) => a - b)
    .flatMap((repetitions) => {
      const items = itemsNeeded(basis, goal, power, repetitions)
      if (items === null) return []
      const executions = items * repetitions
      const costUsd = costOf === null ? null : executions * costOf
      return [{ repetitions, items, executions, costUsd, isAvailable: items <= datasetItems }]
    })
}

/**
 * The executions after which a run that may stop early on exactly these items is expected to; null where that cannot be
 * said: without a range of the score, and for very many items.
 */
export function expectedExecutions({ basis, goal, metric, differences }: RunPlan, option: PlanOption): number | null {
  if (metric.range === null) return null
  const stop = expectedStop(basis, goal, option, differences, metric.range)
  return stop === null ? null : Math.ceil(stop) * option.repetitions
}
