/** A readable report of runs, with one column per run. */
import Table from 'cli-table3'
import { graphql } from './gql/gql.ts'
import type { RunReportFragment } from './gql/graphql.ts'

export const RunReport = graphql(/* GraphQL */ `
  fragment RunReport on Run {
    id
    name
    status
    stopReason
    stopMessage
    progress { total queued running succeeded failed cancelled }
    stats {
      latencyMs { p50 p95 }
      costUsd
      unknownCostCount
      scores { name source direction count errorCount missingCount mean stderr labels { label count } }
    }
  }
`)

export type ReportedRun = RunReportFragment

/** One line about a run's progress, e.g. `120/320, 2 failed, accuracy 0.71`. */
export function progressNote({ progress, stats }: ReportedRun): string {
  const { total, succeeded, failed, cancelled } = progress
  const counts = [`${succeeded + failed + cancelled}/${total}`]
  if (failed > 0) counts.push(`${failed} failed`)
  if (cancelled > 0) counts.push(`${cancelled} cancelled`)
  const means = stats.scores.flatMap((summary) =>
    summary.mean == null ? [] : [`${titleOf(summary)} ${summary.mean.toFixed(2)}`],
  )
  return [...counts, ...means].join(', ')
}

/**
 * A table with one column per run, under `titles`; every mean has its standard error and the number of scores it leaves
 * out.
 */
export function runTable(runs: readonly ReportedRun[], titles: readonly string[]): string {
  const table = new Table({ head: ['', ...titles], style: { head: [], border: [], compact: true } })
  const row = (name: string, cell: (run: ReportedRun) => string) => table.push([name, ...runs.map(cell)])
  row('status', ({ status, stopReason }) => (stopReason ? `${status} (${stopReason})` : status))
  row('items', ({ progress }) => String(progress.total))
  row('failed', ({ progress }) => String(progress.failed))
  if (runs.some(({ progress }) => progress.cancelled > 0))
    row('cancelled', ({ progress }) => String(progress.cancelled))
  row('latency p50', ({ stats }) => milliseconds(stats.latencyMs?.p50))
  row('latency p95', ({ stats }) => milliseconds(stats.latencyMs?.p95))
  if (runs.some(({ stats }) => stats.costUsd != null)) row('cost', cost)
  const titlesOfScores = new Set(runs.flatMap(({ stats }) => stats.scores.map(titleOf)))
  for (const title of titlesOfScores) row(title, (run) => score(run, title))
  return table.toString()
}

function titleOf({ name, source }: ReportedRun['stats']['scores'][number]): string {
  return source === 'EVALUATOR' ? name : `${name} (${source})`
}

function score({ stats }: ReportedRun, title: string): string {
  const summary = stats.scores.find((candidate) => titleOf(candidate) === title)
  if (!summary) return '–'
  const { mean, stderr, labels, errorCount, missingCount } = summary
  const value =
    mean == null
      ? labels.map(({ label, count }) => `${label} ${count}`).join(', ') || '–'
      : `${mean.toFixed(3)}${stderr == null ? '' : ` ± ${stderr.toFixed(3)}`}`
  const without = [
    ...(errorCount ? [`${errorCount} errors`] : []),
    ...(missingCount ? [`${missingCount} missing`] : []),
  ]
  return without.length > 0 ? `${value} (${without.join(', ')})` : value
}

function cost({ stats }: ReportedRun): string {
  if (stats.costUsd == null) return 'unknown'
  return `$${stats.costUsd.toPrecision(3)}${stats.unknownCostCount ? ` (${stats.unknownCostCount} unknown)` : ''}`
}

function milliseconds(value: number | null | undefined): string {
  if (value == null) return '–'
  return value >= 10 ? `${value.toFixed(0)} ms` : `${value.toPrecision(2)} ms`
}
