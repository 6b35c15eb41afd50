/** An experiment: what it says now, and its runs. */

import { Button, Group, Skeleton, Title } from '@mantine/core'
import { IconCopy, IconPlayerPlay } from '@tabler/icons-react'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { formatCost, formatDuration, formatShare } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { ValueView } from '../../components/value-view.tsx'
import { notifyOf } from '../../data/mutate.ts'
import { usePageQuery } from '../../data/page-query.ts'
import { useRunsFeed } from '../../data/use-runs-feed.ts'
import { graphql } from '../../gql/gql.ts'
import type { ExperimentPageQuery } from '../../gql/graphql.ts'
import { CompareButton } from '../runs/compare-button.tsx'
import { RunsTable } from '../runs/runs-table.tsx'
import { experimentTask } from './experiment-task.ts'
import classes from './experiments-page.module.css'
import { PromptOfTask } from './prompt-of-task.tsx'
import { startRunOf } from './start-run.ts'
import { isOfForm } from './task-summary.ts'

const experimentPage = graphql(`
  query ExperimentPage($id: ID!) {
    node(id: $id) {
      id
      ... on Experiment {
        name
        description
        metadata
        dataset {
          id
          name
          itemCount
          baseline { approvedAt author run { ...RunSummary } }
        }
        task { ...ExperimentTask }
        settings { concurrency repetitions maxAttempts timeoutMs budgetUsd maxFailureRate cache }
        evaluators { id name }
        runs(first: 50) { nodes { ...RunSummary } }
      }
    }
  }
`)

type Experiment = Extract<NonNullable<ExperimentPageQuery['node']>, { settings: unknown }>

const route = getRouteApi('/experiments/$experimentId')

export function ExperimentPage() {
  const { experimentId } = route.useParams()
  usePageQuery(experimentPage, { id: experimentId })
  const [result, reread] = useQuery({ query: experimentPage, variables: { id: experimentId } })
  useRunsFeed(({ changed, deleted }) => {
    const { data } = result
    const shown = new Set(data?.node && 'runs' in data.node ? data.node.runs?.nodes.map(({ id }) => id) : [])
    if (changed.some((id) => !shown.has(id)) || deleted.some((id) => shown.has(id))) {
      reread({ requestPolicy: 'network-only' })
    }
  })
  return (
    <Answer
      of={result}
      retry={reread}
      skeleton={
        <Page title="Experiment">
          <Skeleton height={200} />
        </Page>
      }
    >
      {({ node }) =>
        node && 'settings' in node ? (
          <ExperimentView experiment={node} />
        ) : (
          <EmptyState
            order={1}
            title="There is no such experiment"
            message="It was deleted, or belongs to another project."
          >
            <LinkButton to="/experiments" variant="default">
              Go to the experiments
            </LinkButton>
          </EmptyState>
        )
      }
    </Answer>
  )
}

function ExperimentView({ experiment }: { experiment: Experiment }) {
  const { id, name, description, dataset, task, settings, evaluators, metadata } = experiment
  const search = route.useSearch()
  const change = route.useNavigate()
  const navigate = useNavigate()
  const [starting, startRun] = useMutation(startRunOf)
  const runs = experiment.runs?.nodes ?? []

  async function start() {
    const result = await startRun({ input: { experimentId: id } })
    const outcome = result.data?.startRun
    if (notifyOf(result) && outcome && 'run' in outcome) {
      await navigate({ to: '/runs/$runId', params: { runId: outcome.run.id } })
    }
  }

  return (
    <Page
      title={name}
      description={description}
      trail={
        <>
          <Link to="/experiments">Experiments</Link>
          <span aria-hidden>/</span>
          <Link to="/datasets/$datasetId/runs" params={{ datasetId: dataset.id }}>
            {dataset.name}
          </Link>
        </>
      }
      actions={
        <>
          <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={starting.fetching} onClick={start}>
            Start a run
          </Button>
          {isOfForm(task) && (
            <LinkButton
              to="/experiments/new"
              search={{ from: id }}
              variant="default"
              leftSection={<IconCopy size={16} aria-hidden />}
            >
              New with changes
            </LinkButton>
          )}
        </>
      }
    >
      <div className={classes.columns}>
        <section className={classes.card} aria-labelledby="task">
          <Title order={2} id="task">
            What is tested
          </Title>
          <dl className={classes.facts}>
            {experimentTask(task).map(({ label, value }) => (
              <div key={label} style={{ display: 'contents' }}>
                <dt>{label}</dt>
                <dd>{typeof value === 'string' ? value : <ValueView value={value} />}</dd>
              </div>
            ))}
          </dl>
          {task.__typename === 'PromptTask' && <PromptOfTask task={task} />}
        </section>
        <section className={classes.card} aria-labelledby="settings">
          <Title order={2} id="settings">
            How it runs
          </Title>
          <dl className={classes.facts}>
            <dt>Evaluators</dt>
            <dd>
              {evaluators === null
                ? 'all that are active for the dataset'
                : evaluators.map(({ name }) => name).join(', ') || 'none'}
            </dd>
            <dt>Repetitions</dt>
            <dd>{settings.repetitions}</dd>
            <dt>Concurrency</dt>
            <dd>{settings.concurrency}</dd>
            <dt>Timeout</dt>
            <dd>{formatDuration(settings.timeoutMs)}</dd>
            <dt>Attempts</dt>
            <dd>{settings.maxAttempts}</dd>
            {settings.budgetUsd !== null && (
              <>
                <dt>Budget</dt>
                <dd>{formatCost(settings.budgetUsd)}</dd>
              </>
            )}
            {settings.maxFailureRate !== null && (
              <>
                <dt>Stops when</dt>
                <dd>more than {formatShare(settings.maxFailureRate)} failed</dd>
              </>
            )}
            {metadata !== null && (
              <>
                <dt>Metadata</dt>
                <dd>
                  <ValueView value={metadata} />
                </dd>
              </>
            )}
          </dl>
        </section>
      </div>
      {runs.length === 0 ? (
        <EmptyState
          title="Not run yet"
          message="Start a run: it calls the task for every item and scores the outputs."
        />
      ) : (
        <>
          <Group justify="flex-end" data-no-print>
            <CompareButton selected={search.selected ?? []} baselineId={dataset.baseline?.run.id} />
          </Group>
          <RunsTable
            baseline={dataset.baseline}
            runs={runs}
            search={search}
            onSearch={(now, replace) =>
              void change({ search: (before) => ({ ...before, ...now }), replace, resetScroll: false })
            }
          />
        </>
      )}
    </Page>
  )
}
