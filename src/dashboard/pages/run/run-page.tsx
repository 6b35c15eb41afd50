/** The page of a run: running, ended or compared with a baseline, it is one page. */
import { Skeleton } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { RunStatus } from '../../components/run-status.tsx'
import { ShareMenu } from '../../components/share-menu.tsx'
import { useSame } from '../../components/use-same.ts'
import { usePageQuery } from '../../data/page-query.ts'
import { useFileAddress } from '../../data/project.ts'
import { useComparisonMetrics } from '../../data/use-comparison-metrics.ts'
import { BaselineChoice } from './baseline-choice.tsx'
import { Items } from './items.tsx'
import { RunActions } from './run-actions.tsx'
import { RunHead } from './run-head.tsx'
import classes from './run-page.module.css'
import { failedScoresOf, type RunPageRun, runPage } from './run-query.ts'
import type { RunSearch } from './run-search.ts'
import { useRunFeed } from './use-run-feed.ts'

const route = getRouteApi('/runs/$runId')

export function RunPage() {
  const { runId } = route.useParams()
  usePageQuery(runPage, { id: runId })
  const [result, reread] = useQuery({ query: runPage, variables: { id: runId } })
  return (
    <Answer of={result} retry={reread} skeleton={<RunSkeleton />}>
      {({ run }) => (run ? <Run key={run.id} run={run} reread={reread} /> : <NoRun />)}
    </Answer>
  )
}

/** How often a run of which nothing is heard is read again, in milliseconds: why it waits is no change of it. */
const quietMs = 5_000

function Run({ run, reread }: { run: RunPageRun; reread: (options: { requestPolicy: 'network-only' }) => void }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (now: Partial<RunSearch>, options?: { replace?: boolean }) =>
      void navigate({ search: (before) => ({ ...before, ...now }), resetScroll: false, ...options }),
    [navigate],
  )
  const choose = useCallback((baseline: string | undefined) => change({ baseline, change: undefined }), [change])
  const csv = useSame({ href: useFileAddress()(`/export/runs/${run.id}.csv`) })
  const { samples, deleted } = useRunFeed(run.id)
  const baselineId = baselineOf(run, search.baseline)
  const candidates = useMemo(() => [run.id], [run.id])
  const { metrics, problem } = useComparisonMetrics(baselineId, candidates)
  const isOpen = run.status === 'QUEUED' || run.status === 'RUNNING'
  const { id, name, status, dataset, task, settings, progress } = run
  const compared = useSame({ id, dataset })
  const failed = isOpen ? 0 : progress.failed
  const isRescored = run.scoring?.status === 'RUNNING'
  const failedScores = isOpen || isRescored ? 0 : failedScoresOf(run.stats)
  const { total } = progress
  const hasOutputs = progress.succeeded > 0
  const acted = useSame({
    id,
    name,
    status,
    dataset,
    task,
    settings,
    failed,
    failedScores,
    isRescored,
    total,
    hasOutputs,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: every sample starts the wait anew
  useEffect(() => {
    if (!isOpen) return
    const timer = setInterval(() => document.hidden || reread({ requestPolicy: 'network-only' }), quietMs)
    return () => clearInterval(timer)
  }, [isOpen, samples, reread])
  if (deleted) return <NoRun />
  return (
    <div className={classes.run}>
      <Page
        title={titleOfRun(run.name)}
        trail={
          <>
            <Link to="/datasets/$datasetId/runs" params={{ datasetId: run.dataset.id }}>
              {run.dataset.name}
            </Link>
            <span aria-hidden>/</span>
            <Link to="/experiments/$experimentId" params={{ experimentId: run.experiment.id }}>
              {run.experiment.name}
            </Link>
          </>
        }
        aside={<RunStatus status={run.status} stopReason={run.stopReason} />}
        description={run.description}
        actions={
          <>
            <BaselineChoice run={compared} baselineId={baselineId} onChoose={choose} />
            <ShareMenu name={titleOfRun(run.name)} csv={csv} />
            <RunActions run={acted} />
          </>
        }
      >
        <RunHead run={run} samples={samples} metrics={metrics} baselineId={baselineId} problem={problem} />
        <Items run={run} baselineId={baselineId} metrics={metrics} search={search} onSearch={change} />
      </Page>
    </div>
  )
}

/** The approved baseline of the dataset, unless the address says something else; never the run itself. */
function baselineOf(run: RunPageRun, chosen: string | undefined): string | null {
  const id = chosen ?? run.dataset.baseline?.run.id ?? null
  return id === 'none' || id === run.id ? null : id
}

function NoRun() {
  return (
    <EmptyState
      order={1}
      title="There is no such run"
      message={
        <>
          It was deleted, or belongs to another project. <Link to="/">The start</Link> has the latest runs.
        </>
      }
    />
  )
}

function RunSkeleton() {
  return (
    <Page title="Run">
      <Skeleton height={96} />
      <div aria-hidden>
        {[0, 1, 2, 3, 4, 5, 6, 7].map((row) => (
          <Skeleton key={row} height={34} mb={4} />
        ))}
      </div>
    </Page>
  )
}
