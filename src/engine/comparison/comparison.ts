import type { ReadableDatabase } from '../../db/client.ts'
import type { Run, RunScoreSummary } from '../../db/generated/prisma/client.ts'
import type { MetricValues } from '../../db/sql/comparison/metric-values.ts'
import { loadScoreSummaries } from '../../db/sql/run/load-run-stats.ts'
import { loadRuns } from '../../db/sql/run/load-runs.ts'
import { loadScoreBounds, type ScoreBounds } from '../../db/sql/score/load-score-bounds.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { Direction, ScoreDataType } from '../../domain/evaluation.ts'
import {
  type ComparableMetric,
  describeMetric,
  type Metric,
  type MetricInput,
  metricKey,
  parseComparableMetric,
  scoreMetric,
} from '../../domain/metric.ts'
import { isFinished } from '../../domain/run.ts'
import type { ProjectScope } from '../../domain/scope.ts'

export interface ComparisonInput {
  /** Default: the approved baseline of the candidates' dataset, or none if there is none. */
  baselineId: string | null
  /** 1–10 runs of the baseline's dataset. */
  candidateIds: readonly string[]
  /** How much worse a score may be and still count as not worse, in its own units; default 0. */
  margin?: number | null
  /** Margins of individual metrics. */
  margins?: readonly { metric: MetricInput; margin: number }[] | null
}

/** A metric that the runs are compared on. */
export interface ComparedMetric {
  metric: ComparableMetric
  /** Null for latency and cost. */
  dataType: ScoreDataType | null
  direction: Direction
  /** Highest minus lowest possible value; null without bounds. */
  range: number | null
  margin: number
}

/** The runs of one dataset and the metrics to compare them on. */
export interface Comparison {
  /** Null where none was given and none is approved. */
  baseline: Run | null
  candidates: Run[]
  /** Baseline first. */
  runs: Run[]
  /** All scores of all the runs by name, then latency and cost. */
  metrics: ComparedMetric[]
}

export type ComparisonWithBaseline = Comparison & { baseline: Run }

const maxCandidates = 10

/**
 * Loads the runs and the metrics of a comparison.
 * @throws {NotFoundError} no such run in the project
 * @throws {InvalidInputError} no or too many candidates, duplicate ones, runs of different datasets, or an invalid margin
 */
export function openComparison(
  db: ReadableDatabase,
  scope: ProjectScope,
  input: ComparisonInput & { baselineId: string },
): Promise<ComparisonWithBaseline>
export function openComparison(db: ReadableDatabase, scope: ProjectScope, input: ComparisonInput): Promise<Comparison>
export async function openComparison(
  db: ReadableDatabase,
  scope: ProjectScope,
  input: ComparisonInput,
): Promise<Comparison> {
  const { candidateIds } = input
  if (candidateIds.length < 1 || candidateIds.length > maxCandidates) {
    throw new InvalidInputError(`Expected 1 to ${maxCandidates} candidates, got ${candidateIds.length}.`, [
      'candidateIds',
    ])
  }
  if (new Set(candidateIds).size < candidateIds.length) {
    throw new InvalidInputError('Expected different candidates, got the same one twice.', ['candidateIds'])
  }
  const baselineId = input.baselineId ?? (await approvedBaseline(db, scope, candidateIds[0] ?? ''))
  return reopenComparison(db, scope, { ...input, baselineId })
}

/** `openComparison` of runs that were compared before; a baseline approved in the meantime does not change it. */
export async function reopenComparison(
  db: ReadableDatabase,
  scope: ProjectScope,
  { baselineId, candidateIds, margin, margins }: ComparisonInput,
): Promise<Comparison> {
  const ids = [...new Set(baselineId === null ? candidateIds : [baselineId, ...candidateIds])]
  const [found, summaries, bounds] = await Promise.all([
    loadRuns(db.pool, scope.projectId, ids),
    loadScoreSummaries(db.pool, ids),
    loadScoreBounds(db.pool, scope.projectId),
  ])
  const runs = new Map(found.map((run) => [run.id, run]))
  const baseline = baselineId === null ? null : existing(runs, baselineId, ['baselineId'])
  const candidates = candidateIds.map((id, index) => existing(runs, id, ['candidateIds', String(index)]))
  const all = baseline ? [baseline, ...candidates] : candidates
  const other = candidates.findIndex((candidate) => candidate.datasetId !== all[0]?.datasetId)
  if (other >= 0) {
    throw new InvalidInputError(
      `Expected runs of one dataset, but "${candidates[other]?.name}" is on another dataset than "${all[0]?.name}".`,
      ['candidateIds', String(other)],
    )
  }
  const metrics = withMargins(metricsOf(all, summaries, bounds), margin ?? 0, margins ?? [])
  return { baseline, candidates, runs: all, metrics }
}

/** Whether the fixed-n figures of two runs hold: both ended, and not because of their comparison. */
export function isComplete(baseline: Run, candidate: Run): boolean {
  return [baseline, candidate].every((run) => isFinished(run.status) && run.stopReason !== 'EARLY_DECISION')
}

function existing(runs: ReadonlyMap<string, Run>, id: string, path: string[]): Run {
  const run = runs.get(id)
  if (!run) throw new NotFoundError('There is no such run in this project.', path)
  return run
}

/** Null where none is approved. */
async function approvedBaseline(
  db: ReadableDatabase,
  { projectId }: ProjectScope,
  candidateId: string,
): Promise<string | null> {
  const run = await db.prisma.run.findFirst({
    where: { id: candidateId, projectId },
    select: { dataset: { select: { baselineRunId: true } } },
  })
  if (!run) throw new NotFoundError('There is no such run in this project.', ['candidateIds', '0'])
  return run.dataset.baselineRunId
}

type MetricOfRuns = Omit<ComparedMetric, 'margin'>

function metricsOf(
  runs: readonly Run[],
  summaries: readonly RunScoreSummary[],
  bounds: ReadonlyMap<string, ScoreBounds>,
): MetricOfRuns[] {
  const newestFirst = runs.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
  const byName = Map.groupBy(summaries, (summary) => summary.name)

  const scores = [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
  const measured = { dataType: null, direction: 'LOWER_IS_BETTER', range: null } as const
  return [
    ...scores.map(([name, found]): MetricOfRuns => {
      // The definition of a score may have changed between the runs; that of the newest run applies, whichever is the
      // baseline.
      const { dataType, direction } = newestFirst
        .map((run) => found.find((summary) => summary.runId === run.id))
        .find((summary) => summary !== undefined) as RunScoreSummary
      return {
        metric: scoreMetric(name),
        dataType,
        direction: isLabel(dataType) ? 'NONE' : direction,
        range: rangeOf(dataType, bounds.get(name)),
      }
    }),
    { metric: { kind: 'LATENCY' }, ...measured },
    { metric: { kind: 'COST' }, ...measured },
  ]
}

function isLabel(dataType: ScoreDataType | null): boolean {
  return dataType === 'CATEGORICAL' || dataType === 'TEXT'
}

/** The values of a metric: categories and texts have labels and no numbers. */
export function valuesOf({ metric, dataType }: Pick<ComparedMetric, 'metric' | 'dataType'>): MetricValues {
  if (metric.kind !== 'SCORE') return metric
  return { kind: isLabel(dataType) ? 'LABEL' : 'SCORE', name: metric.name }
}

function rangeOf(dataType: ScoreDataType, bounds?: ScoreBounds): number | null {
  if (dataType === 'BOOLEAN') return 1
  if (dataType !== 'NUMERIC' || !bounds || bounds.min === null || bounds.max === null) return null
  return bounds.max > bounds.min ? bounds.max - bounds.min : null
}

function withMargins(
  metrics: readonly MetricOfRuns[],
  margin: number,
  margins: readonly { metric: MetricInput; margin: number }[],
): ComparedMetric[] {
  checkMargin(margin, ['margin'])
  const own = new Map<string, number>()
  for (const [index, { metric, margin }] of margins.entries()) {
    const path = ['margins', String(index)]
    checkMargin(margin, [...path, 'margin'])
    const at = [...path, 'metric']
    const key = metricKey(metricIn(metrics, parseComparableMetric(metric, at), at).metric)
    if (own.has(key)) throw new InvalidInputError('Expected every metric once, got this one twice.', at)
    own.set(key, margin)
  }
  return metrics.map((compared) => ({
    ...compared,
    margin: own.get(metricKey(compared.metric)) ?? (valuesOf(compared).kind === 'SCORE' ? margin : 0),
  }))
}

function checkMargin(margin: number, path: string[]): void {
  if (margin >= 0 && Number.isFinite(margin)) return
  throw new InvalidInputError(`Expected a margin of 0 or more, got ${margin}.`, path)
}

/** The metric among those of a comparison. @throws {InvalidInputError} listing them */
export function metricIn<M extends MetricOfRuns>(metrics: readonly M[], wanted: Metric, path: string[]): M {
  const found = metrics.find(({ metric }) => metricKey(metric) === metricKey(wanted))
  if (found) return found
  const known = metrics.map(({ metric }) => describeMetric(metric)).join(', ')
  throw new InvalidInputError(`Expected a metric of these runs (${known}), got ${describeMetric(wanted)}.`, path)
}
