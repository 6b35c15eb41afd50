import type { Database } from '../../db/client.ts'
import {
  type Experiment,
  Prisma,
  type Run,
  type RunLatencyBucket,
  type RunScoreSummary,
} from '../../db/generated/prisma/client.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { type Compared, checkGate, type Gate, type GateCheck, parseGate } from '../../domain/gate.ts'
import type { ComparableMetric } from '../../domain/metric.ts'
import { isFinished } from '../../domain/run.ts'
import { avgCostUsd, finishedCount, totalCostUsd } from '../../domain/run-figures.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { findSeries } from '../../domain/score-series.ts'
import { distribution } from '../../domain/statistics/latency-histogram.ts'
import { mean } from '../../domain/statistics/score-figures.ts'
import type { Services } from '../services.ts'
import { compareMetrics } from './compare-metrics.ts'
import { findMetric, openComparison } from './comparison.ts'
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
    score: (score) => {
      const summary = findSeries(summaries, score)
      if (!summary) return null
      const { count, errorCount } = summary
      // Of the failed items, those without a score: people may give one to a failed item.
      const failed = Math.max(0, run.failed - Math.max(0, count + errorCount - run.succeeded))
      return { mean: mean(summary), count, needed: count + errorCount + failed }
    },
    comparison,
  })
  if (!isFinished(run.status)) return { status: 'PENDING', checks }
  return { status: checks.every((check) => check.passed) ? 'PASSED' : 'FAILED', checks }
}

/** Null without a baseline. */
async function compared(
  db: Database,
  sequences: ComparisonSequences,
  scope: Scope,
  run: Run,
  gate: Gate,
  baselineId: string | null,
): Promise<((metric: ComparableMetric) => Compared | null) | null> {
  const comparison = await openComparison(db, scope, { baselineId, candidateIds: [run.id] }).catch((error) => {
    throw error instanceof InvalidInputError ? new InvalidInputError(error.message, ['baselineId']) : error
  })
  if (!comparison.baseline) return null
  const margins = new Map(
    gate.notWorse.map(({ metric, margin }) => [findMetric(comparison.metrics, metric)?.metric, margin]),
  )
  const metrics = comparison.metrics.map((compared) => ({
    ...compared,
    margin: margins.get(compared.metric) ?? compared.margin,
  }))
  const found = await compareMetrics(db, sequences, { ...comparison, metrics })
  return (metric) => findMetric(found, metric) ?? null
}
