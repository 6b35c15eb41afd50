import clsx from 'clsx'
import { memo } from 'react'
import { diffTexts } from '../../components/diff/text-diff.ts'
import { GridCell } from '../../components/grid/grid.tsx'
import { formatDelta } from '../../components/number-format.ts'
import { writeScore } from '../../components/score-value.ts'
import { previewOf } from '../../components/value-preview.ts'
import { unitOf } from '../../components/verdict.ts'
import { type RowStore, useRow } from '../../data/row-store.ts'
import type { AlignedRowFragment } from '../../gql/graphql.ts'
import classes from './compare-page.module.css'

interface Props {
  id: string | undefined
  store: RowStore<AlignedRowFragment>
  /** Baseline first. */
  runIds: readonly string[]
  /** Whether outputs are shown as what changed from the baseline's. */
  diff: boolean
  /** Ids of the columns that are not shown. */
  hide: readonly string[] | undefined
}

/** What the item itself has besides its input. */
export const itemParts = [
  { id: 'expected', name: 'Expected', of: 'expectedOutput' },
  { id: 'metadata', name: 'Metadata', of: 'metadata' },
] as const

type AlignedCell = AlignedRowFragment['cells'][number]

/** How many scores a cell shows. */
const maxScores = 5

export const AlignedRow = memo(function AlignedRow({ id, store, runIds, diff, hide }: Props) {
  const entry = useRow(store, id)
  const parts = itemParts.filter(({ id }) => !hide?.includes(id))
  if (!entry) {
    return ['input', ...parts.map(({ id }) => id), ...runIds].map((column) => (
      <GridCell key={column}>
        <span className={classes.skeleton} data-reading />
      </GridCell>
    ))
  }
  const { cells } = entry.row
  const revision = cells.find((cell) => cell.revision !== null)?.revision
  const before = cells.find(({ run }) => run.id === runIds[0])
  return (
    <>
      <GridCell>
        <span className={classes.twoLines}>{revision ? previewOf(revision.input) : ''}</span>
      </GridCell>
      {parts.map(({ id, of }) => (
        <GridCell key={id}>
          <span className={clsx(classes.twoLines, classes.quiet)}>
            {revision && revision[of] !== null ? previewOf(revision[of]) : ''}
          </span>
        </GridCell>
      ))}
      {runIds.map((runId) => (
        <RunCell
          key={runId}
          cell={cells.find(({ run }) => run.id === runId)}
          before={diff && runId !== runIds[0] ? before : undefined}
        />
      ))}
    </>
  )
})

function RunCell({ cell, before }: { cell: AlignedCell | undefined; before: AlignedCell | undefined }) {
  const [item] = cell?.items ?? []
  if (!cell || !item) {
    return (
      <GridCell>
        <span className={classes.quiet}>not in this run</span>
      </GridCell>
    )
  }
  return (
    <GridCell className={classes.runCell}>
      {item.status === 'FAILED' ? (
        <span className={clsx(classes.output, classes.worse)}>
          {item.error?.taskCode ?? item.error?.code}: {item.error?.message}
        </span>
      ) : (
        <span className={classes.output}>
          {item.status === 'SUCCEEDED' ? (
            <Output value={item.output} before={before?.items[0]} />
          ) : (
            item.status.toLowerCase()
          )}
        </span>
      )}
      <span className={classes.cellScores}>
        {cell.scores.slice(0, maxScores).map(({ name, dataType, value, label, delta, change }) =>
          value === null && label === null ? null : (
            <span key={name} className={classes.cellScore}>
              {name} <strong>{writeScore(dataType, value, label)}</strong>
              {(change === 'IMPROVED' || change === 'REGRESSED') && delta !== null && (
                <span className={change === 'IMPROVED' ? classes.better : classes.worse}>
                  {change === 'IMPROVED' ? ' ↗' : ' ↘'}
                  {dataType !== 'BOOLEAN' && ` ${formatDelta(delta, unitOf('SCORE', dataType).size)}`}
                </span>
              )}
            </span>
          ),
        )}
        {cell.items.length > 1 && <span className={classes.cellScore}>mean of {cell.items.length}</span>}
      </span>
    </GridCell>
  )
}

function Output({ value, before }: { value: unknown; before: AlignedCell['items'][number] | undefined }) {
  if (before?.status !== 'SUCCEEDED') return previewOf(value)
  return diffTexts(previewOf(before.output), previewOf(value)).map(({ side, text }, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity and never move
    if (side === 'BOTH') return <span key={index}>{text}</span>
    const Element = side === 'AFTER' ? 'ins' : 'del'
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    return <Element key={index}>{text}</Element>
  })
}
