/** Some runs of a dataset against a baseline: verdicts first, then where they differ, item by item, live. */
import { NumberInput, Skeleton } from '@mantine/core'
import { IconCopy, IconUsers } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { plural } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { ShareMenu } from '../../components/share-menu.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { useComparisonMetrics } from '../../data/use-comparison-metrics.ts'
import { isOfForm } from '../experiments/task-summary.ts'
import classes from './compare-page.module.css'
import { type ComparedRun, compareQuery, type UnlikePart } from './compare-query.ts'
import type { CompareSearch } from './compare-search.ts'
import { ComparedItems } from './compared-items.tsx'
import { comparisonRows } from './comparison-csv.ts'
import { Differences } from './differences.tsx'
import { Scatter } from './scatter.tsx'
import { VerdictMatrix } from './verdict-matrix.tsx'

const route = getRouteApi('/compare')

export function ComparePage() {
  const { runs, baseline } = route.useSearch()
  const variables = { baselineId: baseline, candidateIds: runs }
  usePageQuery(compareQuery, variables)
  const [result, reread] = useQuery({
    query: compareQuery,
    variables,
    pause: runs.length === 0,
  })
  if (runs.length === 0) {
    return (
      <EmptyState
        order={1}
        title="Nothing to compare"
        message="Select runs in the list of a dataset and choose Compare. With one run it is compared with the approved baseline."
      >
        <LinkButton to="/" variant="default">
          Go to the start
        </LinkButton>
      </EmptyState>
    )
  }
  return (
    <Answer of={result} retry={reread} skeleton={<CompareSkeleton />}>
      {({ compareRuns }) =>
        compareRuns?.baseline ? (
          <Comparison
            baseline={compareRuns.baseline}
            candidates={compareRuns.candidates}
            unlike={compareRuns.differences}
          />
        ) : (
          <EmptyState
            order={1}
            title="There is no baseline"
            message="No run of this dataset is approved as its baseline. Select two runs in its list, or approve one of them on its page."
          />
        )
      }
    </Answer>
  )
}

interface Props {
  baseline: ComparedRun
  candidates: readonly ComparedRun[]
  unlike: readonly UnlikePart[]
}

function Comparison({ baseline, candidates, unlike }: Props) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (now: Partial<CompareSearch>, options?: { replace?: boolean }) =>
      void navigate({ search: (before) => ({ ...before, ...now }), resetScroll: false, ...options }),
    [navigate],
  )
  const ids = useMemo(() => candidates.map(({ id }) => id), [candidates])
  const { metrics, problem } = useComparisonMetrics(baseline.id, ids, search)
  const others = candidates.map(({ name }) => titleOfRun(name)).join(', ')
  const what = candidates.length === 1 ? others : plural(candidates.length, 'run')
  const title = `${what} against ${titleOfRun(baseline.name)}`
  return (
    <Page
      title={title}
      trail={
        <Link to="/datasets/$datasetId/runs" params={{ datasetId: baseline.dataset.id }}>
          {baseline.dataset.name}
        </Link>
      }
      actions={
        <>
          <NumberInput
            size="sm"
            w={150}
            aria-label="Margin: how much worse a score may be and still count as not worse"
            placeholder="Margin, e.g. 0.02"
            hideControls
            min={0}
            value={search.margin ?? ''}
            onChange={(value) => change({ margin: value === '' ? undefined : Number(value) }, { replace: true })}
          />
          {candidates[0] && isOfForm(candidates[0].task) && (
            <LinkButton
              to="/experiments/new"
              search={{ from: candidates[0].id, against: baseline.id }}
              variant="default"
              leftSection={<IconCopy size={16} aria-hidden />}
            >
              New run with changes
            </LinkButton>
          )}
          {candidates[0] && (
            <LinkButton
              to="/review/new"
              search={{ run: candidates[0].id, baseline: baseline.id }}
              variant="default"
              leftSection={<IconUsers size={16} aria-hidden />}
            >
              New review queue
            </LinkButton>
          )}
          <ShareMenu name={title} csv={{ rows: () => comparisonRows(baseline, candidates, metrics ?? []) }} />
        </>
      }
    >
      {problem !== null && (
        <p role="alert" className={classes.problem}>
          {problem}
        </p>
      )}
      <Differences
        baseline={baseline}
        candidates={candidates}
        metrics={metrics}
        unlike={unlike}
        search={search}
        onSearch={change}
      />
      <VerdictMatrix baseline={baseline} candidates={candidates} metrics={metrics} search={search} onSearch={change} />
      <Scatter baseline={baseline} candidates={candidates} metrics={metrics} search={search} onSearch={change} />
      <ComparedItems baseline={baseline} candidates={candidates} metrics={metrics} search={search} onSearch={change} />
    </Page>
  )
}

function CompareSkeleton() {
  return (
    <Page title="Compare">
      <Skeleton height={180} />
      <Skeleton height={260} />
    </Page>
  )
}
