/** The experiments that refer to a prompt, and the runs that used one of its versions. */
import { Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Age } from '../../components/age.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { RunStatus } from '../../components/run-status.tsx'
import { ScoreMean } from '../../components/score-mean.tsx'
import list from '../experiments/experiments-page.module.css'
import { describeTask } from '../experiments/task-summary.ts'
import classes from './prompt-page.module.css'
import type { PromptOfPage } from './prompt-query.ts'

export function PromptUses({ prompt }: { prompt: PromptOfPage }) {
  const experiments = prompt.experiments?.nodes ?? []
  const runs = prompt.runs?.nodes ?? []
  if (experiments.length === 0 && runs.length === 0) {
    return (
      <EmptyState
        title="Not used yet"
        message="An experiment that refers to it runs it on a dataset and scores what it answers."
      >
        <LinkButton to="/experiments/new" search={{ prompt: prompt.name }} variant="default">
          New experiment
        </LinkButton>
      </EmptyState>
    )
  }
  return (
    <div className={classes.uses}>
      {runs.length > 0 && (
        <section aria-labelledby="runs-of-prompt">
          <Title order={2} id="runs-of-prompt" mb="xs">
            Runs
          </Title>
          <ul className={list.list}>
            {runs.map((run) => (
              <li key={run.id} className={list.row}>
                <div className={list.main}>
                  <Link to="/runs/$runId" params={{ runId: run.id }} className={list.name}>
                    {titleOfRun(run.name)}
                  </Link>
                  <span className={list.faint}>
                    {run.task.__typename === 'PromptTask' &&
                      `version ${run.task.prompt.version ?? '–'} · ${run.task.model} · `}
                    <Link to="/datasets/$datasetId/runs" params={{ datasetId: run.dataset.id }}>
                      {run.dataset.name}
                    </Link>
                  </span>
                </div>
                <div className={list.latest}>
                  {run.stats.scores.slice(0, 3).map((score) => (
                    <ScoreMean key={`${score.source} ${score.name}`} score={score} />
                  ))}
                  <RunStatus status={run.status} stopReason={run.stopReason} />
                  <span className={list.faint}>
                    <Age of={run.createdAt} />
                  </span>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {experiments.length > 0 && (
        <section aria-labelledby="experiments-of-prompt">
          <Title order={2} id="experiments-of-prompt" mb="xs">
            Experiments
          </Title>
          <ul className={list.list}>
            {experiments.map(({ id, name, dataset, task }) => (
              <li key={id} className={list.row}>
                <div className={list.main}>
                  <Link to="/experiments/$experimentId" params={{ experimentId: id }} className={list.name}>
                    {name}
                  </Link>
                  <span className={list.faint}>
                    {describeTask(task)} on{' '}
                    <Link to="/datasets/$datasetId/runs" params={{ datasetId: dataset.id }}>
                      {dataset.name}
                    </Link>
                  </span>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
