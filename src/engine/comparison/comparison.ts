import type { ReadableDatabase } from '../../db/client.ts'
import type { Run, RunScoreSummary } from '../../db/generated/prisma/client.ts'
import type { MetricKind } from '../../db/sql/comparison/metric-values.ts'
import { loadScoreSummaries } from '../../db/sql/run/load-run-stats.ts'
import { loadRuns } from '../../db/sql/run/load-runs.ts'
import { loadScoreBounds, type ScoreBounds } from '../../db/sql/score/load-score-bounds.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { Direction, ScoreDataType } from '../../domain/evaluation.ts'
import { isFinished } from '../../domain/run.ts'
import type { ProjectScope } from '../../domain/scope.ts'

export interface ComparisonInput {
  /** Default: the approved baseline of the candidates' dataset. */
  baselineId: string | null
  /** 1–10 runs of the baseline's dataset. */
  candidateIds: readonly string[]
  /** How much worse a score may be and still count as not worse, in its own units; default 0. */
  margin?: number | null
  /** Margins of individual metrics, by name. */
  margins?: readonly { metric: string; margin: number }[] | null
}

/** A metric that the runs are compared on. */
export interface ComparedMetric {
  kind: MetricKind
  /** The score's name, or `latencyMs` or `costUsd`. */
  name: string
  dataType: ScoreDataType | null
  direction: Direction
  /** Highest minus lowest possible value; null without bounds. */
  range: number | null
  margin: number
}

/** The runs of one dataset and the metrics to compare them on. */
export interface Comparison {
  baseline: Run
  candidates: Run[]
  /** Baseline first. */
  runs: Run[]
  /** All score names of all the runs, then latency and cost. */
  metrics: ComparedMetric[]
}

const maxCandidates = 10

/**
 * Loads the runs and the metrics of a comparison.
 * @throws {NotFoundError} no such run in the project
 * @throws {InvalidInputError} no or too many candidates, duplicate ones, runs of different datasets, an invalid margin,
 *   or no baseline where none is approved
 */
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
  const ids = [...new Set([baselineId, ...candidateIds])]
  const [found, summaries, bounds] = await Promise.all([
    loadRuns(db.pool, scope.projectId, ids),
    loadScoreSummaries(db.pool, ids),
    loadScoreBounds(db.pool, scope.projectId),
  ])
  const runs = new Map(found.map((run) => [run.id, run]))
  const baseline = existing(runs, baselineId, ['baselineId'])
  const candidates = candidateIds.map((id, index) => existing(runs, id, ['candidateIds', String(index)]))
  candidates.forEach((candidate, index) => {
    if (candidate.datasetId === baseline.datasetId) return
    throw new InvalidInputError(
      `Expected runs of one dataset, but "${candidate.name}" is on another dataset than the baseline "${baseline.name}".`,
      ['candidateIds', String(index)],
    )
  })
  const all = [baseline, ...candidates]
  return { baseline, candidates, runs: all, metrics: metricsOf(all, summaries, bounds, input) }
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

async function approvedBaseline(
  db: ReadableDatabase,
  { projectId }: ProjectScope,
  candidateId: string,
): Promise<string> {
  const run = await db.prisma.run.findFirst({
    where: { id: candidateId, projectId },
    select: { dataset: { select: { name: true, baselineRunId: true } } },
  })
  if (!run) throw new NotFoundError('There is no such run in this project.', ['candidateIds', '0'])
  if (run.dataset.baselineRunId) return run.dataset.baselineRunId
  throw new InvalidInputError(
    `Expected a baseline, because no run of the dataset "${run.dataset.name}" is approved as one. ` +
      'Pass `baselineId`, or approve a run with approveBaseline.',
    ['baselineId'],
  )
}

function metricsOf(
  runs: readonly Run[],
  summaries: readonly RunScoreSummary[],
  bounds: ReadonlyMap<string, ScoreBounds>,
  { margin, margins }: ComparisonInput,
): ComparedMetric[] {
  const newestFirst = runs.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
  const byName = Map.groupBy(summaries, (summary) => summary.name)

  const scores = [...byName].map(([name, found]): Omit<ComparedMetric, 'margin'> => {
    // The definition of a score may have changed between the runs; that of the newest run applies, whichever is the
    // baseline.
    const { dataType, direction } = newestFirst
      .map((run) => found.find((summary) => summary.runId === run.id))
      .find((summary) => summary !== undefined) as RunScoreSummary
    const isLabel = dataType === 'CATEGORICAL' || dataType === 'TEXT'
    return {
      kind: isLabel ? 'LABEL' : 'SCORE',
      name,
      dataType,
      direction: isLabel ? 'NONE' : direction,
      range: rangeOf(dataType, bounds.get(name)),
    }
  })
  scores.sort((a, b) => (a.name < b.name ? -1 : 1))
  const measured = { dataType: null, direction: 'LOWER_IS_BETTER', range: null } as const
  const metrics: Omit<ComparedMetric, 'margin'>[] = [
    ...scores,
    { kind: 'LATENCY', name: 'latencyMs', ...measured },
    { kind: 'COST', name: 'costUsd', ...measured },
  ]
  const parsed = parseMargins(margin ?? 0, margins ?? [], metrics)
  return metrics.map((metric) => ({
    ...metric,
    margin: parsed.get(metric.name) ?? (metric.kind === 'SCORE' ? (margin ?? 0) : 0),
  }))
}

function rangeOf(dataType: ScoreDataType, bounds?: ScoreBounds): number | null {
  if (dataType === 'BOOLEAN') return 1
  if (dataType !== 'NUMERIC' || !bounds || bounds.min === null || bounds.max === null) return null
  return bounds.max > bounds.min ? bounds.max - bounds.min : null
}

function parseMargins(
  margin: number,
  margins: readonly { metric: string; margin: number }[],
  metrics: readonly { name: string }[],
): Map<string, number> {
  if (!(margin >= 0 && Number.isFinite(margin))) {
    throw new InvalidInputError(`Expected a margin of 0 or more, got ${margin}.`, ['margin'])
  }
  return new Map(
    margins.map(({ metric, margin }, index) => {
      const path = ['margins', String(index)]
      if (!(margin >= 0 && Number.isFinite(margin))) {
        throw new InvalidInputError(`Expected a margin of 0 or more for "${metric}", got ${margin}.`, [
          ...path,
          'margin',
        ])
      }
      if (!metrics.some(({ name }) => name === metric)) throw unknownMetric(metric, metrics, [...path, 'metric'])
      return [metric, margin]
    }),
  )
}

/** The metric with this name. @throws {InvalidInputError} listing the metrics */
export function metricNamed({ metrics }: Comparison, name: string, path: string[]): ComparedMetric {
  const metric = metrics.find((metric) => metric.name === name)
  if (!metric) throw unknownMetric(name, metrics, path)
  return metric
}

function unknownMetric(name: string, metrics: readonly { name: string }[], path: string[]): InvalidInputError {
  const names = metrics.map((metric) => `"${metric.name}"`).join(', ')
  return new InvalidInputError(`Expected a metric of these runs (${names}), got "${name}".`, path)
}
