/** The items of a version: what narrows them down, the grid, the selection, and the drawer of one of them. */
import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconCheck, IconFilterOff, IconMinus } from '@tabler/icons-react'
import { useCallback, useEffect, useState } from 'react'
import { rowHeights } from '../../components/density-choices.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { Grid, type GridColumn } from '../../components/grid/grid.tsx'
import { Snippet } from '../../components/snippet.tsx'
import { useRowList } from '../../data/row-list.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import type { DatasetPageDataset } from './dataset-query.ts'
import { type DatasetSearch, itemFilter } from './dataset-search.ts'
import { ItemDrawer } from './drawer/item-drawer.tsx'
import { FilterBar } from './filter-bar.tsx'
import { itemColumns } from './item-columns.ts'
import { ItemRow } from './item-row.tsx'
import classes from './items.module.css'
import { type Selection, SelectionBar } from './selection-bar.tsx'
import { useItemList } from './use-item-list.ts'

interface Props {
  dataset: DatasetPageDataset
  search: DatasetSearch
  onSearch: (now: Partial<DatasetSearch>, options?: { replace?: boolean }) => void
  /** The items have changed. */
  onChanged: () => void
}

const keys: readonly Shortcut[] = [
  { key: 'j', label: 'Next item' },
  { key: 'k', label: 'Previous item' },
  { key: 'Enter', label: 'Open the item' },
  { key: 'x', label: 'Select the item' },
]
/** What the API takes by id at once. */
const maxSelected = 1_000

export function Items({ dataset, search, onSearch, onChanged }: Props) {
  const { list, store, total } = useItemList(dataset, search)
  const { count, settled, problem } = useRowList(list)
  const [cursor, setCursor] = useState(-1)
  const [selection, setSelection] = useState<Selection>({ ids: new Set() })
  const onView = useCallback((from: number, to: number) => list.ensure(from, to), [list])
  // A list without slots has none in view.
  useEffect(() => list.ensure(0, 0), [list])
  // What is selected belongs to what is shown.
  const shown = JSON.stringify([search.version, search.archived, itemFilter(search)])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shown` is what it depends on
  useEffect(() => setSelection({ ids: new Set() }), [shown])

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
  const toggle = useCallback((id: string) => {
    setSelection((before) => {
      const ids = new Set('ids' in before ? before.ids : [])
      if (!ids.delete(id) && ids.size < maxSelected) ids.add(id)
      return { ids }
    })
  }, [])
  const step = (by: number) => show(Math.max(0, Math.min(count - 1, active + by)))
  useShortcuts(keys, (key, event) => {
    const id = list.idAt(active)
    if (key === 'x') id !== undefined && toggle(id)
    else if (key === 'Enter') active >= 0 && event.target === document.body && open(active)
    else step(key === 'j' ? 1 : -1)
  })

  const narrow = useMediaQuery('(max-width: 48em)') ?? false
  const all = 'all' in selection
  const some = !all && selection.ids.size > 0
  const columns: GridColumn[] = [
    {
      id: 'input',
      width: narrow ? 240 : 320,
      grows: true,
      head: (
        <span className={classes.head}>
          {!search.archived && (
            <SelectAll all={all} some={some} onChange={(all) => setSelection(all ? { all } : { ids: new Set() })} />
          )}
          Input
        </span>
      ),
    },
    ...itemColumns
      .filter(({ id }) => !search.hide?.includes(id))
      .map(({ name, ...column }) => ({ ...column, head: <span className={classes.head}>{name}</span> })),
  ]
  const isPast = search.version !== undefined && search.version !== dataset.version
  return (
    <section aria-label="Items" className={classes.items}>
      <FilterBar dataset={dataset} search={search} total={total} onSearch={onSearch} />
      {isPast && (
        <div className={classes.past} role="status">
          These are the items of version {search.version}. Changes are made to version {dataset.version}.
          <Button size="compact-sm" variant="default" onClick={() => onSearch({ version: undefined })}>
            Show the current version
          </Button>
        </div>
      )}
      {search.archived && (
        <div className={classes.past} role="status">
          These items are archived: the current version is without them.
          <Button size="compact-sm" variant="default" onClick={() => onSearch({ archived: undefined })}>
            Show the current version
          </Button>
        </div>
      )}
      {(all || some) && (
        <SelectionBar
          dataset={dataset}
          search={search}
          selection={selection}
          total={total}
          onClear={() => setSelection({ ids: new Set() })}
          onChanged={onChanged}
        />
      )}
      <Grid
        className={classes.grid}
        label="Items"
        columns={columns}
        count={count}
        rowHeight={rowHeights[search.density ?? 'normal']}
        active={active}
        onActivate={show}
        onOpen={open}
        onView={onView}
        row={(index) => {
          const id = list.idAt(index)
          return (
            <ItemRow
              id={id}
              index={index}
              store={store}
              selected={all || (id !== undefined && 'ids' in selection && selection.ids.has(id))}
              onToggle={toggle}
              hidden={search.hide}
            />
          )
        }}
        empty={
          problem !== null ? (
            <ErrorState title="The items could not be read" message={problem}>
              <Button variant="default" onClick={onChanged}>
                Try again
              </Button>
            </ErrorState>
          ) : (
            settled && <NoItems dataset={dataset} search={search} onSearch={onSearch} />
          )
        }
      />
      {search.item !== undefined && (
        <ItemDrawer
          dataset={dataset}
          version={search.version ?? dataset.version}
          itemId={search.item}
          place={active >= 0 ? { index: active, count } : null}
          onStep={step}
          onClose={() => onSearch({ item: undefined })}
          onSaved={(id) => {
            onSearch({ item: id, version: undefined }, { replace: true })
            onChanged()
          }}
        />
      )}
    </section>
  )
}

interface SelectAllProps {
  all: boolean
  some: boolean
  onChange: (all: boolean) => void
}

function SelectAll({ all, some, onChange }: SelectAllProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: looks and works as those of the rows
    <button
      type="button"
      role="checkbox"
      aria-checked={all ? true : some ? 'mixed' : false}
      aria-label="Select all items that are shown"
      className={classes.check}
      onClick={() => onChange(!all && !some)}
    >
      {all ? <IconCheck size={13} stroke={3} /> : some ? <IconMinus size={13} stroke={3} /> : null}
    </button>
  )
}

interface NoItemsProps {
  dataset: DatasetPageDataset
  search: DatasetSearch
  onSearch: Props['onSearch']
}

function NoItems({ dataset, search, onSearch }: NoItemsProps) {
  if (itemFilter(search) !== undefined) {
    return (
      <EmptyState title="No item is left" message="The filters leave nothing.">
        <Button
          variant="default"
          leftSection={<IconFilterOff size={16} aria-hidden />}
          onClick={() => onSearch({ q: undefined, tags: undefined, metadata: undefined })}
        >
          Show all items
        </Button>
      </EmptyState>
    )
  }
  if (search.archived) {
    return (
      <EmptyState title="No archived item" message="Items that are archived are kept here, and can be restored.">
        <Button variant="default" onClick={() => onSearch({ archived: undefined })}>
          Show the current version
        </Button>
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title="No items yet"
      message="Drop a file here: JSON Lines, a JSON array, CSV, or a ZIP with pictures beside the rows. You see what becomes of its columns before anything is stored."
    >
      <Snippet code={`npx assay import questions.jsonl --dataset ${JSON.stringify(dataset.name)}`} />
    </EmptyState>
  )
}
