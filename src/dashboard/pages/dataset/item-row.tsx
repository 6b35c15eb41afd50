/** One row of the grid: plain elements, rendered again only when its item or its selection changes. */
import { IconCheck } from '@tabler/icons-react'
import { memo } from 'react'
import { GridCell } from '../../components/grid/grid.tsx'
import { previewOf } from '../../components/value-preview.ts'
import { type RowStore, useRow } from '../../data/row-store.ts'
import type { DatasetItemRowFragment } from '../../gql/graphql.ts'
import { type ItemColumnId, itemColumns } from './item-columns.ts'
import classes from './items.module.css'

interface Props {
  /** Undefined: not read yet. */
  id: string | undefined
  index: number
  store: RowStore<DatasetItemRowFragment>
  selected: boolean
  onToggle: (id: string) => void
  /** Ids of the columns that are not shown. */
  hidden: readonly string[] | undefined
}

export const ItemRow = memo(function ItemRow({ id, index, store, selected, onToggle, hidden }: Props) {
  const shown = itemColumns.filter(({ id }) => !hidden?.includes(id))
  const row = useRow(store, id)?.row
  if (!row || id === undefined) {
    return [{ id: 'input' }, ...shown].map((column) => (
      <GridCell key={column.id}>
        <span className={classes.skeleton} />
      </GridCell>
    ))
  }
  return (
    <>
      <GridCell>
        {/* biome-ignore lint/a11y/useSemanticElements: thousands of rows; the grid has the focus, and x does the same */}
        <button
          type="button"
          role="checkbox"
          aria-checked={selected}
          aria-label={`Select item ${index + 1}`}
          tabIndex={-1}
          className={classes.check}
          onClick={() => onToggle(id)}
        >
          {selected && <IconCheck size={13} stroke={3} />}
        </button>
        <span className={classes.place}>{index + 1}</span>
        <span className={classes.text}>{previewOf(row.input)}</span>
      </GridCell>
      {shown.map(({ id }) => (
        <Cell key={id} of={id} row={row} />
      ))}
    </>
  )
})

function Cell({ of, row }: { of: ItemColumnId; row: DatasetItemRowFragment }) {
  switch (of) {
    case 'expected':
      return (
        <GridCell>
          <span className={classes.text}>{row.expectedOutput === null ? '' : previewOf(row.expectedOutput)}</span>
        </GridCell>
      )
    case 'key':
      return (
        <GridCell title={row.key ?? undefined}>
          <span className={classes.dim}>{row.key}</span>
        </GridCell>
      )
    case 'tags':
      return (
        <GridCell title={row.tags.join(', ')}>
          {row.tags.map((tag) => (
            <span key={tag} className={classes.tag}>
              {tag}
            </span>
          ))}
        </GridCell>
      )
    case 'metadata':
      return (
        <GridCell>
          <span className={classes.dim}>{row.metadata === null ? '' : previewOf(row.metadata)}</span>
        </GridCell>
      )
  }
}
