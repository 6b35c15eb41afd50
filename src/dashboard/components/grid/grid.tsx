/**
 * A grid of any number of rows: fixed heights, plain elements, only what is in view is in the page. The first column stays
 * when it is scrolled sideways. Rows never move by themselves. Its roles are those of a table, whose elements cannot leave
 * out rows; it has the focus itself and says which row is active.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import clsx from 'clsx'
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import { formatCount } from '../number-format.ts'
import { printedRows, usePrinting } from '../print-page.ts'
import classes from './grid.module.css'

export interface GridColumn {
  id: string
  /** Pixels. */
  width: number
  /** Takes what is left. */
  grows?: true
  head: ReactNode
}

interface Props {
  label: string
  columns: readonly GridColumn[]
  count: number
  /** Pixels. */
  rowHeight: number
  /** Slot of the active row; −1: none. */
  active: number
  onActivate: (index: number) => void
  /** Enter or a click. */
  onOpen: (index: number) => void
  /** The slots in view, with some around them. */
  onView: (from: number, to: number) => void
  /** The cells of a row, in `GridCell`s; must be cheap. */
  row: (index: number) => ReactNode
  /** Instead of rows. */
  empty?: ReactNode
  className?: string
}

const overscan = 8
/** What is left of a sheet of paper across, in pixels. */
const paperWidth = 960

export function Grid(props: Props) {
  const { label, columns, count, rowHeight, active, onActivate, onOpen, onView, row, empty, className } = props
  const scroller = useRef<HTMLDivElement>(null)
  const id = useId()
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    useFlushSync: false,
  })
  const isPrinting = usePrinting()
  const slots = isPrinting ? firstSlots(count, rowHeight) : virtualizer.getVirtualItems()
  const first = slots[0]?.index ?? 0
  const last = slots.at(-1)?.index ?? 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: another density measures again
  useEffect(() => virtualizer.measure(), [rowHeight])
  useEffect(() => {
    if (count > 0) onView(first, last)
  }, [first, last, count, onView])
  useEffect(() => {
    if (active >= 0) virtualizer.scrollToIndex(active, { align: 'auto' })
  }, [active, virtualizer])

  const template = columns.map(({ width, grows }) => (grows ? `minmax(${width}px, 1fr)` : `${width}px`)).join(' ')
  const width = columns.reduce((sum, column) => sum + column.width, 0)

  function onKeyDown(event: KeyboardEvent) {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 3)
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    }
    const to = moves[event.key]
    if (to !== undefined) {
      event.preventDefault()
      onActivate(Math.max(0, Math.min(count - 1, to)))
    } else if (event.key === 'Enter' && active >= 0 && event.target === event.currentTarget) {
      event.preventDefault()
      onOpen(active)
    }
  }

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className={clsx(classes.grid, className)}
      style={
        {
          '--columns': template,
          '--row-height': `${rowHeight}px`,
          '--on-paper': Math.min(1, paperWidth / width),
        } as CSSProperties
      }
    >
      <div role="rowgroup" className={classes.head} style={{ minWidth: width }}>
        <div role="row" aria-rowindex={1} className={classes.headRow}>
          {columns.map((column, index) => (
            <div key={column.id} role="columnheader" aria-colindex={index + 1} className={classes.headCell}>
              {column.head}
            </div>
          ))}
        </div>
      </div>
      {count === 0 && empty && (
        <div role="row">
          <div role="gridcell" aria-colspan={columns.length}>
            {empty}
          </div>
        </div>
      )}
      <div role="rowgroup" className={classes.body} style={{ height: virtualizer.getTotalSize(), minWidth: width }}>
        {slots.map(({ index, start }) => (
          <div
            key={index}
            id={`${id}-${index}`}
            role="row"
            aria-rowindex={index + 2}
            aria-selected={index === active}
            className={clsx(classes.row, index === active && classes.active)}
            style={{ transform: `translateY(${start}px)` }}
            onClick={(event) => {
              if (!(event.target as HTMLElement).closest('a, button')) onOpen(index)
            }}
          >
            {row(index)}
          </div>
        ))}
      </div>
      {isPrinting && count > printedRows && (
        <p className={classes.rest}>
          The first {printedRows} of {formatCount(count)} rows. All of them are in the CSV.
        </p>
      )}
    </div>
  )
}

function firstSlots(count: number, rowHeight: number): { index: number; start: number }[] {
  return Array.from({ length: Math.min(count, printedRows) }, (_, index) => ({ index, start: index * rowHeight }))
}

interface CellProps {
  children?: ReactNode
  className?: string
  title?: string
  /** Colour of the ground, where it means something. */
  ground?: string
}

export function GridCell({ children, className, title, ground }: CellProps) {
  return (
    <div
      role="gridcell"
      className={clsx(classes.cell, className)}
      title={title}
      style={ground ? { background: ground } : undefined}
    >
      {children}
    </div>
  )
}
