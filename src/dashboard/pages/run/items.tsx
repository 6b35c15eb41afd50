/** The items of the run: filters above, the grid, and the drawer of one of them. */
import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconFilterOff, IconRefresh } from '@tabler/icons-react'
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import { useQuery } from 'urql'
import { rowHeights } from '../../components/density-choices.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Grid } from '../../components/grid/grid.tsx'
import { plural } from '../../components/number-format.ts'
import { type BaselineCells, baselineFeed, cellsOf } from '../../data/comparison-items.ts'
import { useRowList } from '../../data/row-list.ts'
import { RowStore } from '../../data/row-store.ts'
import { useRowFeed } from '../../data/use-row-feed.ts'
import { graphql } from '../../gql/gql.ts'
import type { MetricFiguresFragment, RunItemRowFragment } from '../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { FilterBar } from './filter-bar.tsx'
import { FilteredItemsMenu } from './filtered-items-menu.tsx'
import { columnsOf, type ItemColumn, withHeads } from './item-columns.tsx'
import { ItemRow } from './item-row.tsx'
import { noFilters } from './no-filters.ts'
import classes from './run-page.module.css'
import type { RunPageRun } from './run-query.ts'
import { isFiltered, type RunSearch } from './run-search.ts'
import { useItemList } from './use-item-list.ts'

const ItemDrawer = lazy(() => import('./drawer/item-drawer.tsx'))

const itemsFeed = graphql(`
  subscription RunItemsFeed($runId: ID!, $after: String, $window: FeedWindow) {
    runFeed(runId: $runId, after: $after, window: $window, until: NEVER) {
      cursor
      items { ...RunItemRow }
    }
  }
`)

const placeQuery = graphql(`
  query RunItemPlace($id: ID!) { node(id: $id) { id ... on RunItem { position repetition run { id } } } }
`)

interface Props {
  run: RunPageRun
  baselineId: string | null
  metrics: readonly MetricFiguresFragment[] | null
  search: RunSearch
  onSearch: (now: Partial<RunSearch>, options?: { replace?: boolean }) => void
}

const keys: readonly Shortcut[] = [
  { key: 'j', label: 'Next item' },
  { key: 'k', label: 'Previous item' },
  { key: 'Enter', label: 'Open the item' },
]

export function Items({ run, baselineId, metrics, search, onSearch }: Props) {
  const [store] = useState(() => new RowStore<RunItemRowFragment>())
  const [cells] = useState(() => new RowStore<BaselineCells>())
  const { list, inOrder, outdated, refresh, collect } = useItemList({ run, baselineId, search, store, cells })
  const { count, settled, problem } = useRowList(list)
  const [view, setView] = useState({ from: 0, to: 0 })
  const [cursor, setCursor] = useState(-1)

  const onView = useCallback(
    (from: number, to: number) => {
      list.ensure(from, to)
      setView({ from, to })
    },
    [list],
  )
  // A list without slots has none in view.
  useEffect(() => list.ensure(0, 0), [list])

  const ids: string[] = []
  for (let index = view.from; index <= Math.min(view.to, count - 1); index++) {
    const id = list.idAt(index)
    if (id !== undefined) ids.push(id)
  }
  const followed = search.item === undefined || ids.includes(search.item) ? ids : [...ids, search.item]
  useRowFeed(itemsFeed, { runId: run.id }, followed, ({ runFeed }) => {
    for (const item of runFeed.items) {
      // What nobody has scrolled to is read when somebody does.
      if (store.get(item.id) || item.id === search.item) store.put(item.id, item)
    }
  })
  const datasetItems = [...new Set(ids.flatMap((id) => store.get(id)?.row.datasetItem.id ?? []))]
  const compared = baselineId === null ? null : { baselineId, candidateIds: [run.id] }
  useRowFeed(baselineFeed, compared, datasetItems, ({ comparisonFeed }) => {
    for (const row of comparisonFeed.rows) {
      const found = cellsOf(row, run.id)
      if (found) cells.put(row.datasetItem.id, found)
    }
  })

  const listed = search.item === undefined ? -1 : list.indexOf(search.item)
  const slot = useSlot(listed < 0 && inOrder ? search.item : undefined, run)
  const opened = listed >= 0 ? listed : slot
  const active = opened >= 0 ? opened : cursor
  const show = (index: number) => {
    setCursor(index)
    const id = list.idAt(index)
    if (id !== undefined && search.item !== undefined) onSearch({ item: id }, { replace: true })
  }
  const open = (index: number) => {
    setCursor(index)
    const id = list.idAt(index)
    if (id !== undefined) onSearch({ item: id })
  }
  const step = (by: number) => show(Math.max(0, Math.min(count - 1, active + by)))
  useShortcuts(keys, (key, event) => {
    if (key === 'Enter') {
      if (active >= 0 && event.target === document.body) open(active)
    } else step(key === 'j' ? 1 : -1)
  })

  const narrow = useMediaQuery('(max-width: 48em)') ?? false
  const isCompared = baselineId !== null
  const available = columnsOf(run, { compared: isCompared, narrow })
  const key = JSON.stringify(available.filter(({ id }) => !search.hide?.includes(id)))
  const columns = useMemo(() => JSON.parse(key) as ItemColumn[], [key])
  const heads = useMemo(
    () => withHeads(columns, { run, metrics, compared: isCompared, search, onSearch }),
    [columns, run, metrics, isCompared, search, onSearch],
  )
  return (
    <section aria-label="Items" className={classes.items}>
      <FilterBar run={run} columns={available} metrics={metrics} search={search} onSearch={onSearch}>
        {isFiltered(search) && count > 0 && <FilteredItemsMenu run={run} collect={collect} />}
        {outdated > 0 && (
          <Button size="xs" variant="light" leftSection={<IconRefresh size={14} aria-hidden />} onClick={refresh}>
            {plural(outdated, 'new result')}, show them in order
          </Button>
        )}
      </FilterBar>
      <Grid
        className={classes.grid}
        label="Items"
        columns={heads}
        count={count}
        rowHeight={rowHeights[search.density ?? 'normal']}
        active={active}
        onActivate={show}
        onOpen={open}
        onView={onView}
        row={(index) => (
          <ItemRow
            id={list.idAt(index)}
            index={index}
            store={store}
            cells={baselineId === null ? null : cells}
            columns={columns}
          />
        )}
        empty={
          settled &&
          (problem !== null ? (
            <ErrorState title="The items could not be read" message={problem}>
              <Button variant="default" onClick={refresh}>
                Try again
              </Button>
            </ErrorState>
          ) : (
            <EmptyState
              title="No item is left"
              message={isFiltered(search) ? 'The filters leave nothing.' : 'The run has no items.'}
            >
              {isFiltered(search) && (
                <Button
                  variant="default"
                  leftSection={<IconFilterOff size={16} aria-hidden />}
                  onClick={() => onSearch(noFilters)}
                >
                  Remove the filters
                </Button>
              )}
            </EmptyState>
          ))
        }
      />
      {search.item !== undefined && (
        <Suspense fallback={null}>
          <ItemDrawer
            run={run}
            itemId={search.item}
            store={store}
            baselineId={baselineId}
            place={active >= 0 ? { index: active, count } : null}
            label={search.label}
            onStep={step}
            onLabel={(label) => onSearch({ label }, { replace: true })}
            onClose={() => onSearch({ item: undefined })}
          />
        </Suspense>
      )}
    </section>
  )
}

/** The slot of an item that nobody has scrolled to, such as that of a link; −1: unknown. */
function useSlot(id: string | undefined, run: RunPageRun): number {
  const variables = { id: id ?? '' }
  const [{ data }] = useQuery({ query: placeQuery, variables, pause: id === undefined, requestPolicy: 'cache-first' })
  const item = data?.node && 'position' in data.node ? data.node : null
  if (id === undefined || item?.id !== id || item.run.id !== run.id) return -1
  return item.position * run.settings.repetitions + item.repetition
}
