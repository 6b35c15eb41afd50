import { found } from './answers.ts'
import type {
  CompareClientRunsQuery,
  GateInput,
  GateOfRunQuery,
  MetricInput,
  WorstRegressionsQuery,
} from './gql/graphql.ts'
import { CompareRuns, GateOfRun, WorstRegressions } from './operations/comparison.ts'
import { type RunLike, runIdOf } from './run-like.ts'
import type { Transport } from './transport.ts'

/** Requirements on a run; see `Gate` in the API. */
export type Gate = GateInput

type Found = NonNullable<CompareClientRunsQuery['compareRuns']>

/** One metric of the candidate against the baseline. */
export type MetricComparison = Found['metrics'][number]

export type GateResult = NonNullable<NonNullable<GateOfRunQuery['run']>['gate']>

type Row = NonNullable<NonNullable<WorstRegressionsQuery['compareRuns']>['rows']>['nodes'][number]

/** An item on which the candidate is worse than the baseline. */
export interface Regression {
  metric: string
  datasetItemId: string
  key: string | null
  input: unknown
  expectedOutput: unknown
  /** What the baseline and the candidate made of the item; null without an output. */
  baseline: { output: unknown; value: number | null }
  candidate: { output: unknown; value: number | null; error: string | null }
  delta: number | null
}

/** The comparison of a run with a baseline, as it was when it was loaded. */
export class Comparison {
  readonly baseline: Found['baseline']
  readonly candidate: Found['candidates'][number]
  readonly metrics: readonly MetricComparison[]
  readonly #transport: Transport

  private constructor(transport: Transport, { baseline, candidates, metrics }: Found) {
    this.#transport = transport
    this.baseline = baseline
    this.candidate = candidates[0] as Found['candidates'][number]
    this.metrics = metrics
  }

  /** @param baselineId null: the one that is approved for the dataset, if any */
  static async load(
    transport: Transport,
    baselineId: string | null,
    candidateId: string,
    { margin }: { margin?: number } = {},
  ): Promise<Comparison> {
    const variables = { baselineId, candidateIds: [candidateId], margin: margin ?? null }
    const { compareRuns } = await transport.request(CompareRuns, variables)
    return new Comparison(transport, found(compareRuns, 'comparison of these runs'))
  }

  /** The comparison of a score by its name, or of `latency`, `cost` or `failed`. */
  metric(name: string): MetricComparison | undefined {
    return this.metrics.find((comparison) => nameOf(comparison) === name)
  }

  /** The items that became most worse by a metric; default: by each metric that has a direction, `limit` in all. */
  async regressions({ metric, limit = 5 }: { metric?: string; limit?: number } = {}): Promise<Regression[]> {
    if (!this.baseline) return []
    const metrics = this.metrics.filter(
      (one) => (metric === undefined ? one.metric.kind === 'SCORE' : nameOf(one) === metric) && one.regressed > 0,
    )
    const found: Regression[] = []
    for (const one of metrics) found.push(...(await this.#worst(one, limit)))
    return found.slice(0, limit)
  }

  async #worst(comparison: MetricComparison, first: number): Promise<Regression[]> {
    const name = nameOf(comparison)
    const metric: MetricInput =
      comparison.metric.kind === 'SCORE'
        ? { score: { name } }
        : { LATENCY: { latency: true }, COST: { cost: true }, FAILED: { failed: true } }[comparison.metric.kind]
    const variables = {
      baselineId: this.baseline?.id ?? null,
      candidateIds: [this.candidate.id],
      filter: { change: { metric, is: 'REGRESSED' as const } },
      orderBy: { field: 'REGRESSION' as const, metric },
      first: Math.min(first, 100),
    }
    const { compareRuns } = await this.#transport.request(WorstRegressions, variables)
    return (compareRuns?.rows?.nodes ?? []).map((row) => regressionOf(name, row))
  }

  /** A line for each metric: both means, the difference with its interval, the verdict and the counts. */
  format(): string {
    if (!this.baseline) return `${this.candidate.name}: there is no baseline to compare it with.`
    const known = this.metrics.filter(
      ({ baselineMean, candidateMean }) => baselineMean !== null || candidateMean !== null,
    )
    const lines = known.map((one) => {
      const change = `${number(one.baselineMean)} → ${number(one.candidateMean)}`
      const interval = one.interval ? ` [${signed(one.interval.low)}, ${signed(one.interval.high)}]` : ''
      const counts = `${one.improved} better, ${one.regressed} worse, ${one.unchanged} same, ${one.missing} missing`
      return `  ${nameOf(one)}: ${change} (${signed(one.delta)}${interval}) ${one.verdict}: ${counts}`
    })
    return [`${this.candidate.name} against ${this.baseline.name}`, ...lines].join('\n')
  }
}

/** The result of a gate for a run; null when the run's experiment has none and none is given. */
export async function checkGate(
  transport: Transport,
  runId: string,
  { gate, baseline }: { gate?: Gate; baseline?: RunLike } = {},
): Promise<GateResult | null> {
  const baselineId = baseline === undefined ? null : runIdOf(baseline)
  const { run } = await transport.request(GateOfRun, { id: runId, gate: gate ?? null, baselineId })
  return found(run, `run ${runId}`).gate
}

/** The name of a score, or `latency`, `cost` or `failed`. */
export function nameOf({ metric: { kind, name } }: Pick<MetricComparison, 'metric'>): string {
  return name ?? kind.toLowerCase()
}

function regressionOf(metric: string, { datasetItem, cells }: Row): Regression {
  const [before, after] = cells
  const value = (cell: typeof before) => {
    if (metric === 'latency') return cell?.latencyMs ?? null
    if (metric === 'cost') return cell?.costUsd ?? null
    return cell?.scores.find(({ name }) => name === metric)?.value ?? null
  }
  const [old, now] = [value(before), value(after)]
  return {
    metric,
    datasetItemId: datasetItem.id,
    key: datasetItem.key,
    input: after?.revision?.input ?? before?.revision?.input ?? null,
    expectedOutput: after?.revision?.expectedOutput ?? null,
    baseline: { output: before?.items[0]?.output ?? null, value: old },
    candidate: { output: after?.items[0]?.output ?? null, value: now, error: after?.items[0]?.error?.message ?? null },
    delta: old === null || now === null ? null : now - old,
  }
}

function number(value: number | null): string {
  return value === null ? '–' : Number(value.toPrecision(4)).toString()
}

function signed(value: number | null): string {
  return value === null ? '–' : `${value > 0 ? '+' : ''}${number(value)}`
}
