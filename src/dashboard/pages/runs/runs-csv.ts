/** The runs that a list shows as lines of a file, exact. */
import { titleOfRun } from '../../components/run-name.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'

export function runRows(runs: readonly RunSummaryFragment[]): readonly (readonly unknown[])[] {
  const scores = [...new Set(runs.flatMap(({ stats }) => stats.scores.map(({ name }) => name)))]
  const columns = ['run', 'status', 'items', 'succeeded', 'failed', 'avg_latency_ms', 'avg_cost_usd', 'created_at']
  return [
    [...columns, ...scores.flatMap((name) => [name, `${name} standard error`, `${name} n`])],
    ...runs.map(({ name, status, progress, stats, createdAt }) => [
      titleOfRun(name),
      status,
      progress.total,
      progress.succeeded,
      progress.failed,
      stats.latencyMs?.avg,
      stats.avgCostUsd,
      createdAt,
      ...scores.flatMap((name) => {
        const score = stats.scores.find((one) => one.name === name)
        return [score?.mean, score?.stderr, score?.count]
      }),
    ]),
  ]
}
