import type { Database } from '../../db/client.ts'
import {
  type Experiment,
  Prisma,
  type Run,
  type RunLatencyBucket,
  type RunScoreSummary,
} from '../../db/generated/prisma/client.ts'
import { loadRunMoments, type RunMoments } from '../../db/sql/comparison/load-run-moments.ts'
import { type Compared, checkGate, type GateCheck, type ScoreOfSubject } from '../../domain/check-gate.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { type Gate, type MinMean, type NotWorse, parseGate } from '../../domain/gate.ts'
import { isOver } from '../../domain/rescoring.ts'
import { avgCostUsd, finishedCount, totalCostUsd } from '../../domain/run-figures.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { findSeries } from '../../domain/score-series.ts'
import { distribution } from '../../domain/statistics/latency-histogram.ts'
import { mean } from '../../domain/statistics/score-figures.ts'
import type { Services } from '../services.ts'
import { compareMetrics } from './compare-metrics.ts'
import { type ComparedMetric, findMetric, lackingRuleOf } from './compared-metrics.ts'
import { openComparison } from './comparison.ts'
import { countedMetric } from './counted-scores.ts'
import { runMean } from './run-mean.ts'
import type { ComparisonSequences } from './sequences.ts'

/** Loads what a gate checks; a caller with many runs loads it for all of them at once. */
export interface GateReads {
  experiment(id: string): Promise<Experiment>
  summaries(runId: string): Promise<readonly RunScoreSummary[]>
  buckets(runId: string): Promise<readonly RunLatencyBucket[]>
}

export interface GateResult {
  /** PENDING until the run has finished. */
  status: 'PASSED' | 'FAILED' | 'PENDING'
  checks: GateCheck[]
}

/**
 * Sets the gate of an experiment's runs; null removes it.
 * @throws {NotFoundError} no such experiment
 * @throws {InvalidInputError} an invalid rule, or neither a gate nor null
 */
export async function setGate(
  services: Services,
  scope: Scope,
  experimentId: string,
  gate: unknown,
): Promise<Experiment> {
  requireWrite(scope)
  if (gate === undefined) throw new InvalidInputError('Expected a gate, or null to remove it, got neither.', ['gate'])
  const { prisma } = services.db
  const { projectId } = scope
  const found = await prisma.experiment.findFirst({ where: { id: experimentId, projectId }, select: { id: true } })
  if (!found) throw new NotFoundError('There is no such experiment in this project.', ['experimentId'])
  const parsed = gate === null ? Prisma.DbNull : parseGate(gate, ['gate'])
  return prisma.experiment.update({ where: { id: experimentId }, data: { gate: parsed } })
}

/**
 * Checks a run against a gate, with a reason for every rule; null without a gate. Needs no statement of its own unless
 * the gate has `notWorse`, which needs a comparison.
 * @param asked.gate default: the gate of the run's experiment
 * @param asked.baselineId the baseline for `notWorse`; default: the approved baseline of the dataset
 * @throws {NotFoundError} no such baseline
 * @throws {InvalidInputError} an invalid rule, or a baseline on another dataset
 */
export async function checkRun(
  db: Database,
  sequences: ComparisonSequences,
  scope: Scope,
  run: Run,
  asked: { gate?: unknown; baselineId?: string | null },
  reads: GateReads,
): Promise<GateResult | null> {
  const gate = asked.gate
    ? parseGate(asked.gate, ['gate'])
    : ((await reads.experiment(run.experimentId)).gate as Gate | null)
  if (!gate) return null
  const [summaries, buckets] = await Promise.all([reads.summaries(run.id), reads.buckets(run.id)])
  const baselineId = asked.baselineId ?? null
  const comparison = gate.notWorse.length > 0 ? await compared(db, sequences, scope, run, gate, baselineId) : null
  const [withFailures, means] = await Promise.all([
    countFailures(db, run, gate, summaries),
    meansOverItems(db, run, gate, summaries),
  ])
  const latency = distribution(buckets, { sum: run.latencySum, min: run.latencyMin, max: run.latencyMax })
  const finished = finishedCount(run)
  const checks = checkGate(gate, {
    completed: run.status === 'COMPLETED' || run.stopReason === 'EARLY_DECISION',
    status: run.stopReason === null ? run.status : `${run.status} (${run.stopReason})`,
    failureRate: finished > 0 ? run.failed / finished : null,
    costUsd: totalCostUsd(run),
    avgCostUsd: avgCostUsd(run),
    avgLatencyMs: latency?.avg ?? null,
    p95LatencyMs: latency?.p95 ?? null,
    unknownCosts: Math.max(0, finished - run.costCount - run.failed),
    score: (rule) => {
      const inItems = means.get(rule)
      if (inItems !== undefined) return inItems
      const summary = findSeries(summaries, rule.metric)
      if (!summary) return null
      const { count, errorCount } = summary
      const failed = failedWithout(summary, run)
      const counted = withFailures.get(summary)
      const failures = counted ? failed : 0
      return {
        mean: counted ? counted.mean : mean(summary),
        interval: null,
        count: count + failures,
        failures,
        // Evaluators leave out what they do not apply to; people and programs have not said so.
        needed: Math.max(count + errorCount + failed, summary.source === 'EVALUATOR' ? 0 : finished),
      }
    },
    comparison,
  })
  if (!isOver(run)) return { status: 'PENDING', checks }
  return { status: checks.every((check) => check.passed) ? 'PASSED' : 'FAILED', checks }
}

/** Failed items without a score: people may give one to a failed item. */
function failedWithout({ count, errorCount }: RunScoreSummary, run: Run): number {
  return Math.max(0, run.failed - Math.max(0, count + errorCount - run.succeeded))
}

/** The means of the scores in `minMeans` in which failures count as the worst value, if any failed. */
async function countFailures(
  db: Database,
  run: Run,
  { minMeans }: Gate,
  summaries: readonly RunScoreSummary[],
): Promise<Map<RunScoreSummary, RunMoments>> {
  const named = new Set(
    minMeans.filter((rule) => !isOverItems(rule)).flatMap(({ metric }) => findSeries(summaries, metric) ?? []),
  )
  const rules = [...named].flatMap((summary) => {
    const rule = lackingRuleOf(run, summary)
    return rule.value === null || failedWithout(summary, run) === 0 ? [] : [{ summary, rule }]
  })
  if (rules.length === 0) return new Map()
  const found = await loadRunMoments(
    db.pool,
    run.id,
    rules.map(({ rule }) => rule),
  )
  return new Map(
    rules.flatMap(({ summary, rule }) => {
      const moments = found.find(({ name, source }) => name === rule.name && source === rule.source)
      return moments ? [[summary, moments] as const] : []
    }),
  )
}

function isOverItems({ as, lowerEnd }: MinMean): boolean {
  return lowerEnd || as != null
}

/** Of the rules that count a score in another way, or ask for its interval. */
async function meansOverItems(
  db: Database,
  run: Run,
  { minMeans }: Gate,
  summaries: readonly RunScoreSummary[],
): Promise<Map<MinMean, ScoreOfSubject | string | null>> {
  const found = await Promise.all(
    minMeans.filter(isOverItems).map(async (rule) => {
      const mean = await orReason(() => runMean(db, run, summaries, rule.metric, rule.as ?? null))
      return [rule, mean] as const
    }),
  )
  return new Map(found)
}

/** A gate is kept while runs change: a score that cannot be counted so does not pass, and the reason says why. */
async function orReason<Result>(read: () => Result | Promise<Result>): Promise<Result | string> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message
    throw error
  }
}

/** Null without a baseline. */
async function compared(
  db: Database,
  sequences: ComparisonSequences,
  scope: Scope,
  run: Run,
  gate: Gate,
  baselineId: string | null,
): Promise<((rule: NotWorse) => Compared | string | null) | null> {
  const comparison = await openComparison(db, scope, { baselineId, candidateIds: [run.id] }).catch((error) => {
    throw error instanceof InvalidInputError ? new InvalidInputError(error.message, ['baselineId']) : error
  })
  const { baseline, runs, metrics } = comparison
  if (!baseline) return null
  const plain = gate.notWorse.filter(({ as }) => as == null)
  const margins = new Map(plain.map((rule) => [findMetric(metrics, rule.metric)?.metric, rule]))
  const counted = new Map<NotWorse, ComparedMetric | string>()
  for (const rule of gate.notWorse) {
    const score = findMetric(metrics, rule.metric)
    if (rule.as == null || !score) continue
    const { as, margin, ofBaseline } = rule
    const metric = () => ({ ...countedMetric(score, runs, as, []), margin, marginIsShare: ofBaseline })
    counted.set(rule, await orReason(metric))
  }
  const asked = metrics.map((metric) => ({
    ...metric,
    margin: margins.get(metric.metric)?.margin ?? metric.margin,
    marginIsShare: margins.get(metric.metric)?.ofBaseline ?? metric.marginIsShare,
    asked: metric.asked || margins.has(metric.metric),
  }))
  const all = [...asked, ...[...counted.values()].filter((metric) => typeof metric !== 'string')]
  const found = await compareMetrics(db, sequences, { ...comparison, metrics: all })
  return (rule) => {
    const reason = counted.get(rule)
    return typeof reason === 'string' ? reason : (findMetric(found, rule.metric, rule.as ?? null) ?? null)
  }
}
