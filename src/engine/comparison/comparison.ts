import type { ReadableDatabase } from '../../db/client.ts'
import type { Run, RunScoreSummary } from '../../db/generated/prisma/client.ts'
import { type UsedVersions, usesOtherVersions } from '../../db/sql/comparison/changed-items.ts'
import { loadComparisonDefaults } from '../../db/sql/comparison/load-defaults.ts'
import { loadScoreSummaries } from '../../db/sql/run/load-run-stats.ts'
import { loadRuns } from '../../db/sql/run/load-runs.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import type { ClientEvaluatorSpec, FailurePolicy, ScoreDataType } from '../../domain/evaluation.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import type { Json } from '../../domain/json/json.ts'
import { checkMetadataPath } from '../../domain/metadata-path.ts'
import { type PrimaryMetrics, type PrimaryMetricsInput, parsePrimaryMetrics } from '../../domain/primary-metrics.ts'
import { isOver } from '../../domain/rescoring.ts'
import type { ProjectScope } from '../../domain/scope.ts'
import { type ComparedMetric, type MarginInput, metricsOf, withMargins, withPrimary } from './compared-metrics.ts'
import { type CountedScoreInput, withCounted } from './counted-scores.ts'

export interface ComparisonInput {
  /** Default: the approved baseline of the candidates' dataset, or none if there is none. */
  baselineId: string | null
  /** 1–10 runs of the baseline's dataset. */
  candidateIds: readonly string[]
  /** How much worse a score may be and still count as not worse, in its own units; default 0. */
  margin?: number | null
  /** Whether also what is not alike is compared: other content of an item, scores of another evaluator; default false. */
  includeUnlike?: boolean | null
  /** Margins of individual metrics; also asks for a verdict on latency or cost. */
  margins?: readonly MarginInput[] | null
  /** Default: those of the experiment of the newest run, if the runs have them. */
  primaryMetrics?: PrimaryMetricsInput | null
  /** Where the metadata of items says which belong together, empty: none do; default: as the dataset says. */
  clusterPath?: readonly string[] | null
  /** Scores that are also counted in another way, each a metric of its own, with its margin; default 0. */
  counted?: readonly CountedScoreInput[] | null
  /** What failed calls count as in latency; default: they are missing. */
  latencyFailures?: FailurePolicy | null
}

/** The runs of one dataset and the metrics to compare them on. */
export interface Comparison {
  /** Null where none was given and none is approved. */
  baseline: Run | null
  candidates: Run[]
  /** Baseline first. */
  runs: Run[]
  /** All scores of all the runs by name, then latency, cost and failures. */
  metrics: ComparedMetric[]
  /** How the primary metrics share the error of 5 %. */
  procedure: PrimaryMetrics['procedure']
  /** Whether what is not alike is compared all the same. */
  includesUnlike: boolean
  /** Where the metadata of items says which belong together; empty: they are independent. */
  clusterPath: readonly string[]
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
  input: ComparisonInput,
): Promise<Comparison> {
  const { baselineId, candidateIds, margin, margins, primaryMetrics, includeUnlike, clusterPath } = input
  const given = primaryMetrics ? parsePrimaryMetrics(primaryMetrics, ['primaryMetrics']) : null
  if (clusterPath?.length) checkMetadataPath(clusterPath, ['clusterPath'])
  const ids = [...new Set(baselineId === null ? candidateIds : [baselineId, ...candidateIds])]
  const [found, summaries, defaults] = await Promise.all([
    loadRuns(db.pool, scope.projectId, ids),
    loadScoreSummaries(db.pool, ids),
    loadComparisonDefaults(db.pool, ids),
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
  const margined = withMargins(
    metricsOf(all, summaries, evaluators, input.latencyFailures ?? 'MISSING'),
    margin ?? 0,
    margins ?? [],
  )
  const primary = given ?? defaults.primaryMetrics
  const metrics = withCounted(
    primary ? withPrimary(margined, primary, given !== null) : margined,
    all,
    input.counted ?? [],
  )
  const procedure = primary?.procedure ?? 'FIXED_SEQUENCE'
  return {
    ...{ baseline, candidates, runs: all, metrics, procedure },
    includesUnlike: includeUnlike ?? false,
    clusterPath: clusterPath ?? defaults.clusterPath,
  }
}

/** Whether the scores of a candidate, by its index, are of the same evaluator as those of the baseline. */
export function isScoredAlike({ evaluators: [baseline, ...others] }: ComparedMetric, candidate: number): boolean {
  const other = others[candidate] ?? null
  return baseline == null || other === null || baseline === other
}

/** Whether the runs of a candidate, by its index, and of the baseline pinned the same type, direction, range and policy. */
export function hasSameRules({ rules: [baseline, ...others] }: ComparedMetric, candidate: number): boolean {
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
 * scores. An evaluator of a client is known by its name: the text of its function changes with every bundler. Costs a
 * statement only where runs were scored by different versions.
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
  return new Map(rows.map(({ id, definition, dataType }) => [id, identityOf(definition as object, dataType)]))
}

function identityOf(definition: object, dataType: ScoreDataType | null): string {
  const { version: _, ...ofClient } = definition as ClientEvaluatorSpec
  return canonicalJson({ definition: ofClient.kind === 'client' ? ofClient : definition, dataType } as Json)
}

/** Whether the fixed-n figures of two runs hold: both ended, and not because of their comparison. */
export function isComplete(baseline: Run, candidate: Run): boolean {
  return [baseline, candidate].every((run) => isOver(run) && !isStoppedEarly(run))
}

/** Whether a run ended because its comparison was decided. */
export function isStoppedEarly({ stopReason }: Run): boolean {
  return stopReason === 'EARLY_DECISION'
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
