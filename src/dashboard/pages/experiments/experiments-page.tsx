/** All experiments of the project, with what their newest run came to. */

import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconFlask2, IconPlus, IconSearch } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { RunProgressBar } from '../../components/run-progress.tsx'
import { RunStatus } from '../../components/run-status.tsx'
import { ScoreMean } from '../../components/score-mean.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { useRunsFeed } from '../../data/use-runs-feed.ts'
import { graphql } from '../../gql/gql.ts'
import type { ExperimentsPageQuery } from '../../gql/graphql.ts'
import classes from './experiments-page.module.css'
import type { ExperimentsSearch } from './experiments-search.ts'
import { describeTask } from './task-summary.ts'

const experimentsPage = graphql(`
  query ExperimentsPage($first: Int!, $after: String, $filter: ExperimentFilter) {
    experiments(first: $first, after: $after, filter: $filter, orderBy: { field: LATEST_RUN, direction: DESC }) {
      nodes {
        id
        name
        description
        dataset { id name }
        task { ...TaskSummary }
        latestRun { ...RunSummary }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
`)

type Experiment = NonNullable<ExperimentsPageQuery['experiments']>['nodes'][number]

const route = getRouteApi('/experiments')
const experimentsPerPage = 50

export function ExperimentsPage() {
  const { q, after } = route.useSearch()
  const navigate = route.useNavigate()
  const change = (now: Partial<ExperimentsSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...now }), replace })
  const variables = { first: experimentsPerPage, after, filter: { search: q } }
  usePageQuery(experimentsPage, variables)
  const [result, reread] = useQuery({ query: experimentsPage, variables })
  useRunsFeed(({ changed }) => {
    const shown = new Set(result.data?.experiments?.nodes.map(({ latestRun }) => latestRun?.id))
    if (changed.some((id) => !shown.has(id))) reread({ requestPolicy: 'network-only' })
  })
  const [text, setText] = useState(q ?? '')
  useEffect(() => setText(q ?? ''), [q])
  const searchLater = useDebouncedCallback(
    (found: string) => change({ q: found || undefined, after: undefined }, true),
    300,
  )

  return (
    <Page
      title="Experiments"
      description="A task on a dataset, with the evaluators that score its outputs. Every run pins what the experiment says when it starts."
      actions={
        <LinkButton to="/experiments/new" leftSection={<IconPlus size={16} aria-hidden />}>
          New experiment
        </LinkButton>
      }
    >
      <TextInput
        size="xs"
        w={240}
        aria-label="Search in names and descriptions"
        placeholder="Search"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          searchLater(event.currentTarget.value.trim())
        }}
      />
      <Answer of={result} retry={reread} skeleton={<Skeleton height={240} />}>
        {({ experiments }) => {
          const nodes = experiments?.nodes ?? []
          if (nodes.length === 0) {
            return q === undefined ? (
              <EmptyState
                icon={<IconFlask2 size={38} stroke={1.3} color="var(--accent)" aria-hidden />}
                title="No experiment yet"
                message="Say what is tested, on which dataset, and how it is scored; creating it starts the first run."
              >
                <LinkButton to="/experiments/new">New experiment</LinkButton>
              </EmptyState>
            ) : (
              <EmptyState title="No experiment is found" message={`None has “${q}” in its name or description.`} />
            )
          }
          return (
            <>
              <ul className={classes.list}>
                {nodes.map((experiment) => (
                  <Row key={experiment.id} experiment={experiment} />
                ))}
              </ul>
              {experiments?.pageInfo.hasNextPage && (
                <Button
                  variant="default"
                  onClick={() => change({ after: experiments.pageInfo.endCursor ?? undefined })}
                >
                  Next {experimentsPerPage} experiments
                </Button>
              )}
            </>
          )
        }}
      </Answer>
    </Page>
  )
}

function Row({ experiment: { id, name, description, dataset, task, latestRun } }: { experiment: Experiment }) {
  return (
    <li className={classes.row}>
      <div className={classes.main}>
        <Link to="/experiments/$experimentId" params={{ experimentId: id }} className={classes.name}>
          {name}
        </Link>
        <span className={classes.faint}>
          {describeTask(task)} on{' '}
          <Link to="/datasets/$datasetId/runs" params={{ datasetId: dataset.id }}>
            {dataset.name}
          </Link>
          {description && ` · ${description}`}
        </span>
      </div>
      {latestRun ? (
        <div className={classes.latest}>
          {latestRun.status === 'RUNNING' || latestRun.status === 'QUEUED' ? (
            <span className={classes.progress}>
              <RunProgressBar progress={latestRun.progress} />
            </span>
          ) : (
            latestRun.stats.scores
              .slice(0, 3)
              .map((score) => <ScoreMean key={`${score.source} ${score.name}`} score={score} />)
          )}
          <RunStatus status={latestRun.status} stopReason={latestRun.stopReason} />
          <span className={classes.faint}>
            <Age of={latestRun.createdAt} />
          </span>
        </div>
      ) : (
        <span className={classes.faint}>not run yet</span>
      )}
    </li>
  )
}
