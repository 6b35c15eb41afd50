import { Link } from '@tanstack/react-router'
import { Age } from '../../components/age.tsx'
import { formatCount, formatDuration } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { RunStatus } from '../../components/run-status.tsx'
import { ScoreMean } from '../../components/score-mean.tsx'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { RunVerdicts } from './run-verdicts.tsx'
import classes from './start-page.module.css'

/** How many runs are compared for their verdicts: each is a comparison of its own. */
const maxVerdicts = 6

/** The newest finished runs: what they were, their scores, and the verdict against the baseline of their dataset. */
export function LatestRuns({ runs }: { runs: readonly RunSummaryFragment[] }) {
  const compared = new Set(
    runs
      .filter(hasBaseline)
      .slice(0, maxVerdicts)
      .map(({ id }) => id),
  )
  return (
    <ul className={classes.card}>
      {runs.map((run) => (
        <li key={run.id} className={classes.run}>
          <div className={classes.runMain}>
            <Link to="/runs/$runId" params={{ runId: run.id }} className={classes.runName}>
              {titleOfRun(run.name)}
            </Link>
            <span className={classes.faint}>
              {run.dataset.name} · {formatCount(run.progress.succeeded)} of {formatCount(run.progress.total)} items
              {run.progress.failed > 0 && (
                <span className={classes.failures}> · {formatCount(run.progress.failed)} failed</span>
              )}
              {run.stats.latencyMs && ` · ${formatDuration(run.stats.latencyMs.avg)}`} ·{' '}
              <Age of={run.finishedAt ?? run.createdAt} />
            </span>
          </div>
          <div className={classes.runScores}>
            {compared.has(run.id) ? (
              <RunVerdicts runId={run.id} />
            ) : (
              run.stats.scores
                .slice(0, 3)
                .map((score) => <ScoreMean key={`${score.source} ${score.name}`} score={score} />)
            )}
            <RunStatus status={run.status} stopReason={run.stopReason} />
          </div>
        </li>
      ))}
    </ul>
  )
}

function hasBaseline({ id, dataset }: RunSummaryFragment): boolean {
  return dataset.baseline !== null && dataset.baseline.run.id !== id
}
