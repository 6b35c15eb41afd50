import type { ReadableDatabase } from '../../db/client.ts'
import type { Run, RunScoreSummary } from '../../db/generated/prisma/client.ts'
import { type UsedVersions, usesOtherVersions } from '../../db/sql/comparison/changed-items.ts'
import type { MetricValues } from '../../db/sql/comparison/metric-values.ts'
import { loadScoreSummaries } from '../../db/sql/run/load-run-stats.ts'
import { loadRuns } from '../../db/sql/run/load-runs.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { Direction, ScoreDataType, ScoreSource } from '../../domain/evaluation.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import type { Json } from '../../domain/json/json.ts'
import {
  describeMetric,
  type Metric,
  type MetricInput,
  metricKey,
  parseComparableMetric,
  scoreMetric,
} from '../../domain/metric.ts'
import { isFinished } from '../../domain/run.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { hasValue } from '../../domain/score.ts'
import { compareSeries, findSeries } from '../../domain/score-series.ts'

export interface ComparisonInput {
  /** Default: the approved baseline of the candidates' dataset, or none if there is none. */
  baselineId: string | null
  /** 1–10 runs of the baseline's dataset. */
  candidateIds: readonly string[]
  /** How much worse a score may be and still count as not worse, in its own units; default 0. */
  margin?: number | null
  /** Whether also what is not alike is compared: other content of an item, scores of another evaluator; default false. */
  includeUnlike?: boolean | null
  /** Margins of individual metrics. */
  margins?: readonly { metric: MetricInput; margin: number }[] | null
}

/** A score of the comparison names its source. */
type MetricOfComparison = { kind: 'SCORE'; name: string; source: ScoreSource } | { kind: 'LATENCY' | 'COST' }

/** A metric that the runs are compared on. */
export interface ComparedMetric {
  metric: MetricOfComparison
  /** Null for latency and cost. */
  dataType: ScoreDataType | null
  direction: Direction
  /** Highest minus lowest possible value; null without bounds. */
  range: number | null
  margin: number
  /** Of each run, baseline first, what gave the scores: equal for equal evaluators, null where it is not known. */
  evaluators: readonly (string | null)[]
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
  /** Whether what is not alike is compared all the same. */
  includesUnlike: boolean
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
  { baselineId, candidateIds, margin, margins, includeUnlike }: ComparisonInput,
): Promise<Comparison> {
  const ids = [...new Set(baselineId === null ? candidateIds : [baselineId, ...candidateIds])]
  const [found, summaries] = await Promise.all([
    loadRuns(db.pool, scope.projectId, ids),
    loadScoreSummaries(db.pool, ids),
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
  const evaluators = await definitionsOf(db, summaries)
  const metrics = withMargins(metricsOf(all, summaries, evaluators), margin ?? 0, margins ?? [])
  return { baseline, candidates, runs: all, metrics, includesUnlike: includeUnlike ?? false }
}

/** Whether the scores of a candidate, by its index, are of the same evaluator as those of the baseline. */
export function isScoredAlike({ evaluators: [baseline, ...others] }: ComparedMetric, candidate: number): boolean {
  const other = others[candidate] ?? null
  return baseline == null || other === null || baseline === other
}

/** What finds the items that are not alike, in all candidates or one; null where none can be, or all are compared. */
export function usedVersions(
  { baseline, candidates, includesUnlike }: Comparison,
  candidate: Run | null = null,
): UsedVersions | null {
  if (!baseline || includesUnlike) return null
  const runs = [baseline, ...(candidate ? [candidate] : candidates)]
  const used = { datasetId: baseline.datasetId, versions: runs.map((run) => run.datasetVersion) }
  return usesOtherVersions(used) ? used : null
}

/**
 * By the ids of the versions that scored the runs, what they are: versions of one definition and type give the same
 * scores. Costs a statement only where runs were scored by different versions.
 */
async function definitionsOf(
  { prisma }: ReadableDatabase,
  summaries: readonly RunScoreSummary[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, Set<string>>()
  for (const { name, source, evaluatorVersionId } of summaries) {
    if (source !== 'EVALUATOR' || evaluatorVersionId === null) continue
    ids.set(name, (ids.get(name) ?? new Set()).add(evaluatorVersionId))
  }
  const different = [...ids.values()].flatMap((versions) => (versions.size > 1 ? [...versions] : []))
  if (different.length === 0) return new Map()
  const rows = await prisma.evaluatorVersion.findMany({
    where: { id: { in: different } },
    select: { id: true, definition: true, dataType: true },
  })
  return new Map(rows.map(({ id, definition, dataType }) => [id, canonicalJson({ definition, dataType } as Json)]))
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
  definitions: ReadonlyMap<string, string>,
): MetricOfRuns[] {
  const newestFirst = runs.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
  const bySeries = Map.groupBy(summaries, ({ name, source }) => metricKey(scoreMetric(name, source)))
  const measured = { dataType: null, direction: 'LOWER_IS_BETTER', range: null, evaluators: [] } as const
  return [
    ...[...bySeries.values()]
      .map((found) => ({ ...metricOfSeries(newestFirst, found), evaluators: evaluatorsOf(runs, found, definitions) }))
      .sort((a, b) => compareSeries(a.metric, b.metric)),
    { metric: { kind: 'LATENCY' }, ...measured },
    { metric: { kind: 'COST' }, ...measured },
  ]
}

function evaluatorsOf(
  runs: readonly Run[],
  found: readonly RunScoreSummary[],
  definitions: ReadonlyMap<string, string>,
): (string | null)[] {
  return runs.map((run) => {
    const id = found.find((summary) => summary.runId === run.id)?.evaluatorVersionId ?? null
    return id === null ? null : (definitions.get(id) ?? id)
  })
}

/**
 * The rules that each run has pinned apply. They may have changed between the runs: the type and the direction are those
 * of the newest run, whichever is the baseline, and the range is that of all of them together.
 */
function metricOfSeries(newestFirst: readonly Run[], found: readonly RunScoreSummary[]) {
  const { name, source, dataType, direction } = newestFirst
    .map((run) => found.find((summary) => summary.runId === run.id))
    .find((summary) => summary !== undefined) as RunScoreSummary
  return {
    metric: { kind: 'SCORE', name, source } as const,
    dataType,
    direction: hasValue(dataType) ? direction : ('NONE' as const),
    range: rangeOf(dataType, found),
  }
}

/** The values of a metric: categories and texts have labels and no numbers. */
export function valuesOf({ metric, dataType }: Pick<ComparedMetric, 'metric' | 'dataType'>): MetricValues {
  if (metric.kind !== 'SCORE') return metric
  return { kind: dataType !== null && hasValue(dataType) ? 'SCORE' : 'LABEL', name: metric.name, source: metric.source }
}

function rangeOf(dataType: ScoreDataType, summaries: readonly RunScoreSummary[]): number | null {
  if (dataType === 'BOOLEAN') return 1
  if (dataType !== 'NUMERIC') return null
  const bounds = summaries.map(({ lowest, highest }) =>
    lowest === null || highest === null ? null : { lowest, highest },
  )
  if (bounds.includes(null)) return null
  const known = bounds.filter((bound) => bound !== null)
  return Math.max(...known.map(({ highest }) => highest)) - Math.min(...known.map(({ lowest }) => lowest))
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

/** The metric among those of a comparison, a score without a source the preferred one of its name. */
export function findMetric<M extends MetricOfRuns>(metrics: readonly M[], wanted: Metric): M | undefined {
  if (wanted.kind !== 'SCORE') return metrics.find(({ metric }) => metric.kind === wanted.kind)
  const scores = metrics.flatMap((compared) =>
    compared.metric.kind === 'SCORE' ? [{ ...compared.metric, compared }] : [],
  )
  return findSeries(scores, wanted)?.compared
}

/** As {@link findMetric}. @throws {InvalidInputError} listing them */
export function metricIn<M extends MetricOfRuns>(metrics: readonly M[], wanted: Metric, path: string[]): M {
  const found = findMetric(metrics, wanted)
  if (found) return found
  const known = metrics.map(({ metric }) => describeMetric(metric)).join(', ')
  throw new InvalidInputError(`Expected a metric of these runs (${known}), got ${describeMetric(wanted)}.`, path)
}
