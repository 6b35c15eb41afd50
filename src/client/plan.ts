import { found } from './answers.ts'
import type { PlanClientRunQuery } from './gql/graphql.ts'
import { PlanRun } from './operations/comparison.ts'
import { type RunLike, runIdOf } from './run-like.ts'
import type { Transport } from './transport.ts'

/** How many items and repetitions a run needs; see `RunPlan` in the API. */
export type Plan = NonNullable<PlanClientRunQuery['planRun']>

/** What a planned run is to show, in the units of the metric. */
export interface PlanOptions {
  /** A score by its name, or `latency`, `cost` or `failed`. */
  metric: string
  /** Exactly one: the smallest difference that is worth showing, or the largest loss that is acceptable. */
  goal: { effect: number } | { margin: number }
  /** Default: 0.8. */
  power?: number
  /** A run to measure differences with; default: the one that is approved for the dataset. */
  baseline?: RunLike
}

export async function planRun(
  transport: Transport,
  run: RunLike,
  { metric, goal, power, baseline }: PlanOptions,
): Promise<Plan> {
  const { planRun } = await transport.request(PlanRun, {
    runId: runIdOf(run),
    baselineId: baseline === undefined ? null : runIdOf(baseline),
    metric: measured[metric] ?? { score: { name: metric } },
    goal,
    power: power ?? null,
  })
  return found(planRun, `plan of run ${runIdOf(run)}`)
}

const measured: { [name: string]: { latency: true } | { cost: true } | { failed: true } } = {
  latency: { latency: true },
  cost: { cost: true },
  failed: { failed: true },
}
