/** A run's progress, results and statistics, as text for a terminal. */
import Table from 'cli-table3'
import { graphql } from './gql/gql.ts'
import type { RunReportFragment } from './gql/graphql.ts'
import { fitting, oneLine } from './output.ts'
import { dollars, known, milliseconds } from './report/figures.ts'

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
      failures { code count }
      scores { name source direction count errorCount missingCount mean stderr labels { label count } }
    }
    scores { name source value label error { message } }
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
 * out. On a terminal that is too narrow for it, one line for each cell.
 */
export function runTable(runs: readonly ReportedRun[], titles: readonly string[]): string {
  const head = ['', ...titles.map(oneLine)]
  const rows: string[][] = []
  const row = (name: string, cell: (run: ReportedRun) => string) => rows.push([oneLine(name), ...runs.map(cell)])
  row('status', ({ status, stopReason }) => (stopReason ? `${status} (${stopReason})` : status))
  row('items', ({ progress }) => String(progress.total))
  row('failed', ({ progress }) => String(progress.failed))
  if (runs.some(({ progress }) => progress.cancelled > 0))
    row('cancelled', ({ progress }) => String(progress.cancelled))
  row('latency p50', ({ stats }) => known(stats.latencyMs?.p50, milliseconds))
  row('latency p95', ({ stats }) => known(stats.latencyMs?.p95, milliseconds))
  if (runs.some(({ stats }) => stats.costUsd != null)) row('cost', cost)
  const titlesOfScores = new Set(runs.flatMap(({ stats }) => stats.scores.map(titleOf)))
  for (const title of titlesOfScores) row(title, (run) => oneLine(score(run, title)))
  const titlesOfRuns = new Set(runs.flatMap(({ scores }) => scores.map(titleOf)))
  for (const title of titlesOfRuns) row(`${title} (run)`, (run) => oneLine(scoreOfRun(run, title)))
  const table = new Table({ head, style: { head: [], border: [], compact: true } })
  table.push(...rows)
  return fitting(table.toString(), head, rows)
}

function titleOf({ name, source }: { name: string; source: ReportedRun['scores'][number]['source'] }): string {
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

/** What was given to the run as a whole: by evaluators of runs, people and programs. */
function scoreOfRun({ scores }: ReportedRun, title: string): string {
  const given = scores.filter((candidate) => titleOf(candidate) === title)
  const said = given.map(({ value, label, error }) =>
    error ? `error: ${error.message}` : (label ?? value?.toFixed(3) ?? ''),
  )
  return said.join(', ') || '–'
}

function cost({ stats }: ReportedRun): string {
  if (stats.costUsd == null) return 'unknown'
  return `${dollars(stats.costUsd)}${stats.unknownCostCount ? ` (${stats.unknownCostCount} unknown)` : ''}`
}
