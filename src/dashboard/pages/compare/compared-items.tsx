/** Every item with what each run made of it, live: filters, the grid, and the drawer of one item. */
import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { EmptyState } from '../../components/empty-state.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Grid } from '../../components/grid/grid.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { useConnections } from '../../data/connections-provider.tsx'
import { useRowList } from '../../data/row-list.ts'
import { RowStore } from '../../data/row-store.ts'
import { useRowFeed } from '../../data/use-row-feed.ts'
import type { AlignedRowFragment, MetricFiguresFragment } from '../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { AlignedRow, itemParts } from './aligned-row.tsx'
import classes from './compare-page.module.css'
import type { ComparedRun } from './compare-query.ts'
import { type CompareSearch, comparisonFilter, comparisonOrder, isFiltered } from './compare-search.ts'
import { ComparedItemDrawer } from './compared-item-drawer.tsx'
import { ComparisonFilters, noFilters } from './comparison-filters.tsx'
import { alignedFeed, alignedRows } from './comparison-rows.ts'
import { usePoints } from './use-points.ts'

interface Props {
  baseline: ComparedRun
  candidates: readonly ComparedRun[]
  metrics: readonly MetricFiguresFragment[] | null
  search: CompareSearch
  onSearch: (now: Partial<CompareSearch>, options?: { replace?: boolean }) => void
}

const keys: readonly Shortcut[] = [
  { key: 'j', label: 'Next item' },
  { key: 'k', label: 'Previous item' },
]

const rowHeight = 62

export function ComparedItems({ baseline, candidates, metrics, search, onSearch }: Props) {
  const { rows: client } = useConnections()
  const [store] = useState(() => new RowStore<AlignedRowFragment>())
  const brushed = useBrushed(baseline.id, candidates, search)
  const [reading, setReading] = useState(0)
  const { q, tags, metadata, change, differ, failedInOne, sort, unlike } = search
  const key = JSON.stringify({ search: { q, tags, metadata, change, differ, failedInOne, sort }, brushed })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `reading` reads again
  const list = useMemo(() => {
    const { search, brushed } = JSON.parse(key) as { search: CompareSearch; brushed: string[] | null }
    const source = { client, store, baselineId: baseline.id, candidateIds: candidates.map(({ id }) => id), unlike }
    return alignedRows(source, { ...comparisonFilter(search), itemIds: brushed }, comparisonOrder(search))
  }, [client, store, baseline.id, candidates, unlike, key, reading])
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
  useEffect(() => list.ensure(0, 0), [list])

  const ids: string[] = []
  for (let index = view.from; index <= Math.min(view.to, count - 1); index++) {
    const id = list.idAt(index)
    if (id !== undefined) ids.push(id)
  }
  const { item } = search
  const [absent, setAbsent] = useState<string | null>(null)
  // A link leads to an item that nobody has scrolled to.
  useEffect(() => {
    if (item === undefined || store.get(item)) return
    const source = { client, store, baselineId: baseline.id, candidateIds: candidates.map(({ id }) => id), unlike }
    const settle = (found: boolean) => setAbsent(found ? null : item)
    alignedRows(source, { itemIds: [item] }, null)
      .readUpTo(1)
      .then(({ length }) => settle(length > 0))
      .catch(() => settle(false))
  }, [item, client, store, baseline.id, candidates, unlike])
  const runs = { baselineId: baseline.id, candidateIds: candidates.map(({ id }) => id), unlike }
  const followed = item === undefined || ids.includes(item) ? ids : [...ids, item]
  useRowFeed(alignedFeed, runs, followed, ({ comparisonFeed }) => {
    for (const row of comparisonFeed.rows) store.put(row.datasetItem.id, row)
  })

  const opened = search.item === undefined ? -1 : list.indexOf(search.item)
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
  useShortcuts(keys, (key) => step(key === 'j' ? 1 : -1))

  const { hide } = search
  const narrow = useMediaQuery('(max-width: 48em)') ?? false
  const columns = useMemo(
    () => [
      { id: 'input', width: narrow ? 150 : 260, head: <span className={classes.columnHead}>Input</span> },
      ...itemParts
        .filter(({ id }) => !hide?.includes(id))
        .map(({ id, name }) => ({ id, width: 150, head: <span className={classes.columnHead}>{name}</span> })),
      ...[baseline, ...candidates].map(({ id, name }) => ({
        id,
        width: 300,
        grows: true as const,
        head: (
          <span className={classes.columnHead}>
            {titleOfRun(name)}
            {id === baseline.id && <span className={classes.faint}> baseline</span>}
          </span>
        ),
      })),
    ],
    [baseline, candidates, narrow, hide],
  )
  const runIds = useMemo(() => [baseline.id, ...candidates.map(({ id }) => id)], [baseline, candidates])
  return (
    <section aria-label="Items" className={classes.items}>
      <ComparisonFilters
        baseline={baseline}
        candidates={candidates}
        metrics={metrics}
        search={search}
        onSearch={onSearch}
      />
      <Grid
        className={classes.grid}
        label="Items of all runs"
        columns={columns}
        count={count}
        rowHeight={rowHeight}
        active={active}
        onActivate={show}
        onOpen={open}
        onView={onView}
        row={(index) => (
          <AlignedRow id={list.idAt(index)} store={store} runIds={runIds} diff={search.diff ?? false} hide={hide} />
        )}
        empty={
          settled &&
          (problem !== null ? (
            <ErrorState title="The items could not be read" message={problem}>
              <Button variant="default" onClick={() => setReading((times) => times + 1)}>
                Try again
              </Button>
            </ErrorState>
          ) : (
            <EmptyState
              title="No item is left"
              message={isFiltered(search) ? 'The filters leave nothing.' : 'The runs have no items.'}
            >
              {isFiltered(search) && (
                <Button variant="default" onClick={() => onSearch(noFilters)}>
                  Remove the filters
                </Button>
              )}
            </EmptyState>
          ))
        }
      />
      {search.item !== undefined && (
        <ComparedItemDrawer
          runs={[baseline, ...candidates]}
          itemId={search.item}
          store={store}
          absent={absent === item}
          place={active >= 0 ? { index: active, count } : null}
          onStep={step}
          onClose={() => onSearch({ item: undefined })}
        />
      )}
    </section>
  )
}

/** The most that a filter may name. */
const maxBrushed = 500

/** The dataset items in the brushed area of the scatter plot; null when nothing is brushed. */
function useBrushed(
  baselineId: string,
  candidates: readonly ComparedRun[],
  { scatter }: CompareSearch,
): string[] | null {
  const { points } = usePoints(
    scatter?.x ? baselineId : null,
    scatter?.run ?? candidates[0]?.id ?? '',
    scatter?.metric ?? { latency: true },
  )
  if (!scatter?.x || !scatter.y) return null
  const [x1, x2] = scatter.x
  const [y1, y2] = scatter.y
  return points
    .filter(({ x, y }) => x >= x1 && x <= x2 && y >= y1 && y <= y2)
    .slice(0, maxBrushed)
    .map(({ id }) => id)
}
