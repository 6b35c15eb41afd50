/** The columns of the table of runs: scores come right after the name, only those that some run has. */
import { Link } from '@tanstack/react-router'
import { createColumnHelper } from '@tanstack/react-table'
import { Age } from '../../components/age.tsx'
import { formatCost, formatCount, formatDelta, formatDuration } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { RunProgressBar } from '../../components/run-progress.tsx'
import { RunStatus } from '../../components/run-status.tsx'
import { coverageOf, meanOf } from '../../components/score-mean.tsx'
import { unitOf } from '../../components/verdict.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { IntervalMark } from './interval-mark.tsx'
import type { runsFeatures } from './runs-features.ts'
import classes from './runs-page.module.css'
import type { RunsSort } from './runs-search.ts'

export interface RunColumnMeta {
  sort?: RunsSort
  /** Its values are numbers. */
  number?: boolean
}

type Score = RunSummaryFragment['stats']['scores'][number]

const helper = createColumnHelper<typeof runsFeatures, RunSummaryFragment>()

/** All but the name, which is always there. */
export function hideableColumns(runs: readonly RunSummaryFragment[]): { id: string; name: string }[] {
  return [
    ...scoreNames(runs).map((name) => ({ id: `score ${name}`, name })),
    { id: 'items', name: 'Items done' },
    { id: 'failed', name: 'Failed' },
    { id: 'latency', name: 'Average latency' },
    ...(hasCosts(runs) ? [{ id: 'cost', name: 'Average cost' }] : []),
    { id: 'created', name: 'Started' },
  ]
}

function scoreNames(runs: readonly RunSummaryFragment[]): string[] {
  const found = runs.flatMap(({ stats }) => stats.scores.filter(({ count, errorCount }) => count + errorCount > 0))
  return [...new Set(found.map(({ name }) => name))]
}

function hasCosts(runs: readonly RunSummaryFragment[]): boolean {
  return runs.some(({ stats }) => stats.avgCostUsd !== null)
}

/** @param runs in the table, the baseline among them */
export function columnsOfRuns(runs: readonly RunSummaryFragment[], baseline: RunSummaryFragment | null) {
  const meta = (now: RunColumnMeta) => now
  return helper.columns([
    helper.display({
      id: 'name',
      header: 'Run',
      meta: meta({ sort: { by: 'NAME' } }),
      cell: ({ row: { original: run } }) => <RunName run={run} />,
    }),
    ...scoreNames(runs).map((name) => {
      const scale = scaleOf(runs.flatMap((run) => scoreOf(run, name) ?? []))
      return helper.display({
        id: `score ${name}`,
        header: name,
        meta: meta({ number: true, sort: { by: 'SCORE', score: name } }),
        cell: ({ row: { original: run } }) => (
          <ScoreCell
            score={scoreOf(run, name)}
            baseline={baseline && baseline.id !== run.id ? (scoreOf(baseline, name)?.mean ?? null) : null}
            scale={scale}
          />
        ),
      })
    }),
    helper.display({
      id: 'items',
      header: 'Items done',
      cell: ({ row: { original: run } }) => <Progress run={run} />,
    }),
    helper.display({
      id: 'failed',
      header: 'Failed',
      meta: meta({ number: true, sort: { by: 'FAILED' } }),
      cell: ({ row: { original: run } }) => (
        <span className={run.progress.failed > 0 ? classes.worse : undefined}>{formatCount(run.progress.failed)}</span>
      ),
    }),
    helper.display({
      id: 'latency',
      header: 'Average latency',
      meta: meta({ number: true, sort: { by: 'LATENCY' } }),
      cell: ({ row: { original: run } }) => formatDuration(run.stats.latencyMs?.avg),
    }),
    ...(hasCosts(runs)
      ? [
          helper.display({
            id: 'cost',
            header: 'Average cost',
            meta: meta({ number: true, sort: { by: 'COST' } }),
            cell: ({ row: { original: run } }) => formatCost(run.stats.avgCostUsd),
          }),
        ]
      : []),
    helper.display({
      id: 'created',
      header: 'Started',
      meta: meta({ sort: { by: 'CREATED_AT' } }),
      cell: ({ row: { original: run } }) => (
        <span className={classes.faint}>
          <Age of={run.createdAt} />
          {run.startedBy && <div>{run.startedBy.name}</div>}
        </span>
      ),
    }),
  ])
}

function RunName({ run }: { run: RunSummaryFragment }) {
  return (
    <div className={classes.name}>
      <Link to="/runs/$runId" params={{ runId: run.id }} className={classes.link}>
        {titleOfRun(run.name)}
      </Link>
      <div className={classes.under}>
        {run.status !== 'COMPLETED' && <RunStatus status={run.status} stopReason={run.stopReason} />}
        <span className={classes.faint}>{run.waitingReason ?? run.description ?? run.experiment.name}</span>
      </div>
    </div>
  )
}

function Progress({ run }: { run: RunSummaryFragment }) {
  const { progress, status } = run
  if (status !== 'RUNNING' && status !== 'QUEUED') {
    return (
      <span className={classes.count}>
        {formatCount(progress.succeeded + progress.failed)} of {formatCount(progress.total)}
      </span>
    )
  }
  const done = progress.succeeded + progress.failed
  const seconds = run.startedAt ? (Date.now() - Date.parse(run.startedAt)) / 1_000 : 0
  return (
    <div className={classes.progress}>
      <RunProgressBar progress={progress} />
      <span className={classes.faint}>
        {seconds > 1 && done > 0 && `${(done / seconds).toFixed(1)} / s`}
        {progress.etaSeconds !== null &&
          progress.etaSeconds > 0 &&
          ` · ${formatDuration(progress.etaSeconds * 1_000)} left`}
      </span>
    </div>
  )
}

interface ScoreCellProps {
  score: Score | undefined
  baseline: number | null
  scale: { low: number; high: number }
}

/** The difference to the baseline is that of two means; the page of the run compares item by item. */
function ScoreCell({ score, baseline, scale }: ScoreCellProps) {
  if (!score || score.count + score.errorCount === 0) return <span className={classes.faint}>–</span>
  const { size, suffix } = unitOf('SCORE', score.dataType)
  const delta = score.mean === null || baseline === null ? null : score.mean - baseline
  const gaps = score.errorCount + score.missingCount
  return (
    <div className={classes.score} title={coverageOf(score)}>
      <span className={classes.mean}>{meanOf(score)}</span>
      {score.mean !== null && (
        <IntervalMark
          mean={score.mean}
          half={score.stderr === null ? null : 1.96 * score.stderr}
          baseline={baseline}
          {...scale}
        />
      )}
      <span className={classes.faint}>
        {delta !== null && `${formatDelta(delta, size)}${suffix === '' ? '' : ' pts'} `}
        {gaps > 0 ? `${formatCount(gaps)} missing` : `n ${formatCount(score.count)}`}
      </span>
    </div>
  )
}

function scoreOf({ stats }: RunSummaryFragment, name: string): Score | undefined {
  return stats.scores.find((score) => score.name === name)
}

/** From the lowest to the highest end of the intervals. */
function scaleOf(scores: readonly Score[]): { low: number; high: number } {
  const ends = scores.flatMap(({ mean, stderr }) =>
    mean === null ? [] : [mean - 1.96 * (stderr ?? 0), mean + 1.96 * (stderr ?? 0)],
  )
  return { low: Math.min(...ends), high: Math.max(...ends) }
}
