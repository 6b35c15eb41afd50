/** The first page: what is running, the latest runs with what they showed, and the datasets. */
import { Skeleton, Title } from '@mantine/core'
import { IconFlask2 } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { formatCount, plural } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { Snippet } from '../../components/snippet.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { useRunsFeed } from '../../data/use-runs-feed.ts'
import { graphql } from '../../gql/gql.ts'
import type { StartPageQuery } from '../../gql/graphql.ts'
import { LatestRuns } from './latest-runs.tsx'
import { RunningRuns } from './running-runs.tsx'
import classes from './start-page.module.css'

const startPage = graphql(`
  query StartPage {
    viewer {
      project {
        id
        name
        counts { datasets experiments evaluators runs runningRuns queuedRuns }
      }
    }
    open: runs(first: 20, filter: { status: [QUEUED, RUNNING] }) { nodes { ...RunSummary } }
    latest: runs(first: 12, filter: { status: [COMPLETED, CANCELLED, STOPPED] }) { nodes { ...RunSummary } }
    datasets(first: 12, orderBy: { field: UPDATED_AT, direction: DESC }) {
      nodes { id name description itemCount version updatedAt }
    }
  }
`)

const firstSteps = `# two classifiers race on 320 support tickets
npm run demo

# or your own: every line is one item
npx assay import questions.jsonl --dataset questions`

export function StartPage() {
  usePageQuery(startPage, {})
  const [result, reread] = useQuery({ query: startPage })
  useRunsFeed(({ changed, deleted }) => {
    const open = new Set(result.data?.open?.nodes.filter(isOpen).map(({ id }) => id))
    const started = changed.some((id) => !open.has(id))
    const ended = result.data?.open?.nodes.some((run) => !isOpen(run))
    if (started || ended || deleted.length > 0) reread({ requestPolicy: 'network-only' })
  })
  return (
    <Answer of={result} retry={reread} skeleton={<StartSkeleton />}>
      {(data) => <Start data={data} />}
    </Answer>
  )
}

function Start({ data }: { data: StartPageQuery }) {
  const { project } = data.viewer
  const open = data.open?.nodes.filter(isOpen) ?? []
  const latest = data.latest?.nodes ?? []
  const datasets = data.datasets?.nodes ?? []
  if (latest.length + open.length + datasets.length === 0) {
    return (
      <Page title={project.name}>
        <EmptyState
          icon={<IconFlask2 size={40} stroke={1.3} color="var(--accent)" aria-hidden />}
          title="Nothing here yet"
          message="An experiment needs a dataset: import one, or see how it looks with the demo."
        >
          <Snippet code={firstSteps} />
        </EmptyState>
      </Page>
    )
  }
  const { counts } = project
  return (
    <Page
      title={project.name}
      description={`${plural(counts.datasets, 'dataset')}, ${plural(counts.experiments, 'experiment')}, ${plural(counts.runs, 'run')}`}
    >
      {open.length > 0 && (
        <section aria-labelledby="running">
          <Title order={2} id="running" mb="xs">
            Running now
          </Title>
          <RunningRuns runs={open} />
        </section>
      )}
      <div className={classes.columns}>
        <section aria-labelledby="latest">
          <Title order={2} id="latest" mb="xs">
            Latest runs
          </Title>
          <LatestRuns runs={latest} />
        </section>
        <section aria-labelledby="datasets">
          <Title order={2} id="datasets" mb="xs">
            Datasets
          </Title>
          <ul className={classes.card}>
            {datasets.map(({ id, name, itemCount, version, updatedAt }) => (
              <li key={id} className={classes.dataset}>
                <Link to="/datasets/$datasetId/runs" params={{ datasetId: id }} className={classes.datasetName}>
                  {name}
                </Link>
                <span className={classes.faint}>
                  {formatCount(itemCount)} items · version {version} · <Age of={updatedAt} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Page>
  )
}

function isOpen({ status }: { status: string }): boolean {
  return status === 'QUEUED' || status === 'RUNNING'
}

function StartSkeleton() {
  return (
    <Page title="Start">
      <div className={classes.columns} aria-hidden>
        <div>
          {[0, 1, 2, 3, 4, 5].map((row) => (
            <Skeleton key={row} height={58} mb={8} />
          ))}
        </div>
        <div>
          {[0, 1, 2].map((row) => (
            <Skeleton key={row} height={52} mb={8} />
          ))}
        </div>
      </div>
    </Page>
  )
}
