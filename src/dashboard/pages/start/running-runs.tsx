import { Link } from '@tanstack/react-router'
import { formatCost, formatDuration } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { RunProgressBar } from '../../components/run-progress.tsx'
import { RunStatus } from '../../components/run-status.tsx'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import classes from './start-page.module.css'

/** One card for every unfinished run, live. */
export function RunningRuns({ runs }: { runs: readonly RunSummaryFragment[] }) {
  return (
    <div className={classes.cards}>
      {runs.map(({ id, name, status, stopReason, waitingReason, progress, stats, dataset }) => (
        <article key={id} className={classes.running}>
          <div className={classes.runningHead}>
            <Link to="/runs/$runId" params={{ runId: id }} className={classes.runName}>
              {titleOfRun(name)}
            </Link>
            <RunStatus status={status} stopReason={stopReason} />
          </div>
          <RunProgressBar progress={progress} />
          {waitingReason !== null && <div className={classes.waiting}>{waitingReason}</div>}
          <div className={classes.faint}>
            {dataset.name}
            {progress.etaSeconds !== null &&
              progress.etaSeconds > 0 &&
              ` · ${formatDuration(progress.etaSeconds * 1_000)} left`}
            {stats.costUsd !== null && ` · ${formatCost(stats.costUsd)} so far`}
          </div>
        </article>
      ))}
    </div>
  )
}
