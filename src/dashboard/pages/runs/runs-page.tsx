/** The runs of a dataset: how they went over time, and all of them in a table from which some are compared. */
import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconRefresh, IconSearch } from '@tabler/icons-react'
import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { plural } from '../../components/number-format.ts'
import { ShareMenu } from '../../components/share-menu.tsx'
import { Snippet } from '../../components/snippet.tsx'
import { ViewMenu } from '../../components/view-menu.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { useDatasetRunsFeed } from '../../data/use-runs-feed.ts'
import { CompareButton } from './compare-button.tsx'
import { GroupChoice } from './group-choice.tsx'
import { hideableColumns } from './runs-columns.tsx'
import { runRows } from './runs-csv.ts'
import classes from './runs-page.module.css'
import { type DatasetWithRuns, datasetRuns } from './runs-query.ts'
import { type RunsSearch, runOrder } from './runs-search.ts'
import { RunsTable, withBaseline } from './runs-table.tsx'
import { StatusChoice } from './status-choice.tsx'

const TrendCharts = lazy(() => import('./trend-charts.tsx'))

const route = getRouteApi('/datasets/$datasetId/runs')
const runsPerPage = 50

export function RunsPage() {
  const { datasetId } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = (now: Partial<RunsSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...now }), replace, resetScroll: false })
  const status = search.status === 'RUNNING' ? (['RUNNING', 'QUEUED'] as const) : search.status && [search.status]
  const variables = {
    id: datasetId,
    first: runsPerPage,
    after: search.after,
    filter: { search: search.q, status: status && [...status] },
    orderBy: runOrder(search.sort),
  }
  usePageQuery(datasetRuns, variables)
  const [result, reread] = useQuery({ query: datasetRuns, variables })
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set())
  const refresh = () => {
    setFresh(new Set())
    reread({ requestPolicy: 'network-only' })
  }
  const dataset = result.data?.node && 'runs' in result.data.node ? result.data.node : null
  useDatasetRunsFeed(datasetId, ({ changed, deleted }) => {
    const shown = new Set(dataset?.runs?.nodes.map(({ id }) => id))
    if (deleted.some((id) => shown.has(id))) refresh()
    const unknown = changed.filter((id) => !shown.has(id))
    if (unknown.length > 0 && dataset) setFresh((before) => new Set([...before, ...unknown]))
  })

  return (
    <Answer of={result} retry={reread} skeleton={<RunsSkeleton />}>
      {() =>
        dataset && <Runs dataset={dataset} search={search} onSearch={change} fresh={fresh.size} onRefresh={refresh} />
      }
    </Answer>
  )
}

interface Props {
  dataset: DatasetWithRuns
  search: RunsSearch
  onSearch: (now: Partial<RunsSearch>, replace?: boolean) => void
  /** Runs that started since the list was read. */
  fresh: number
  onRefresh: () => void
}

function Runs({ dataset, search, onSearch, fresh, onRefresh }: Props) {
  const datasetId = dataset.id
  const runs = dataset.runs?.nodes ?? []
  const isFiltered = search.q !== undefined || search.status !== undefined || search.after !== undefined
  const selected = search.selected ?? []
  const [q, setQ] = useState(search.q ?? '')
  useEffect(() => setQ(search.q ?? ''), [search.q])
  const searchLater = useDebouncedCallback(
    (text: string) => onSearch({ q: text || undefined, after: undefined }, true),
    300,
  )
  if (runs.length === 0 && !isFiltered) {
    return (
      <EmptyState
        title="No run yet"
        message="An experiment on this dataset runs a task on every item. Create one, or start a run of one that exists from a terminal:"
      >
        <Snippet code={'npx assay run "<name of the experiment>"'} />
        <LinkButton to="/experiments/new" search={{ dataset: datasetId }}>
          New experiment
        </LinkButton>
      </EmptyState>
    )
  }
  return (
    <>
      <Suspense fallback={<Skeleton height={190} />}>
        <TrendCharts dataset={dataset} charts={search.charts ?? []} onCharts={(charts) => onSearch({ charts }, true)} />
      </Suspense>
      <div className={classes.bar} data-no-print>
        <TextInput
          size="xs"
          w={220}
          aria-label="Search in names and descriptions"
          placeholder="Search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={q}
          onChange={(event) => {
            setQ(event.currentTarget.value)
            searchLater(event.currentTarget.value.trim())
          }}
        />
        <StatusChoice value={search.status} onChange={(status) => onSearch({ status, after: undefined })} />
        <GroupChoice runs={runs} value={search.group} onChange={(group) => onSearch({ group })} />
        <span className={classes.spacer} />
        {fresh > 0 && (
          <Button size="xs" variant="light" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRefresh}>
            {plural(fresh, 'new run')}
          </Button>
        )}
        <ViewMenu
          columns={hideableColumns(withBaseline(dataset.baseline, runs))}
          hidden={search.hide}
          onHide={(hide) => onSearch({ hide }, true)}
        />
        <ShareMenu
          size="xs"
          name={`runs of ${dataset.name}`}
          csv={{ rows: () => runRows(withBaseline(dataset.baseline, runs)) }}
        />
        <CompareButton selected={selected} baselineId={dataset.baseline?.run.id} />
      </div>
      <RunsTable baseline={dataset.baseline} runs={runs} search={search} onSearch={onSearch} />
      <div className={classes.pages}>
        {search.after !== undefined && (
          <Button variant="default" size="xs" onClick={() => onSearch({ after: undefined })}>
            First page
          </Button>
        )}
        {dataset.runs?.pageInfo.hasNextPage && (
          <Button
            variant="default"
            size="xs"
            onClick={() => onSearch({ after: dataset.runs?.pageInfo.endCursor ?? undefined })}
          >
            Next {runsPerPage} runs
          </Button>
        )}
      </div>
    </>
  )
}

function RunsSkeleton() {
  return (
    <div aria-hidden>
      <Skeleton height={190} mb={16} />
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={38} mb={4} />
      ))}
    </div>
  )
}
