/** One row of the grid: plain elements, rendered again only when its item or its baseline changes. */
import { IconAlertTriangle, IconExternalLink } from '@tabler/icons-react'
import clsx from 'clsx'
import { memo } from 'react'
import { GridCell } from '../../components/grid/grid.tsx'
import { formatCost, formatDelta, formatDuration } from '../../components/number-format.ts'
import { heatOf, scoreNamed, writeScore } from '../../components/score-value.ts'
import { previewOf } from '../../components/value-preview.ts'
import { isBetter, unitOf } from '../../components/verdict.ts'
import type { BaselineCells } from '../../data/comparison-items.ts'
import { type RowStore, useRow } from '../../data/row-store.ts'
import type { RunItemRowFragment } from '../../gql/graphql.ts'
import type { ItemColumn } from './item-columns.tsx'
import classes from './item-row.module.css'
import type { ScoreColumn } from './score-columns.ts'

interface Props {
  /** Undefined: not read yet. */
  id: string | undefined
  index: number
  store: RowStore<RunItemRowFragment>
  /** Null: not compared. */
  cells: RowStore<BaselineCells> | null
  columns: readonly ItemColumn[]
}

const noCells = { subscribe: () => () => {}, get: () => undefined } as unknown as RowStore<BaselineCells>

export const ItemRow = memo(function ItemRow({ id, index, store, cells, columns }: Props) {
  const entry = useRow(store, id)
  const compared = useRow(cells ?? noCells, entry?.row.datasetItem.id)?.row ?? null
  if (!entry) {
    return columns.map((column) => (
      <GridCell key={column.id}>
        <span className={classes.skeleton} data-reading />
      </GridCell>
    ))
  }
  const { row, version } = entry
  return (
    <>
      {columns.map((column) => (
        <Cell key={column.id} of={column.of} item={row} compared={compared} index={index} />
      ))}
      {version > 0 && <span className={clsx(classes.flash, version % 2 === 0 && classes.again)} aria-hidden />}
    </>
  )
})

interface CellProps {
  of: ItemColumn['of']
  item: RunItemRowFragment
  compared: BaselineCells | null
  index: number
}

function Cell({ of, item, compared, index }: CellProps) {
  switch (of.kind) {
    case 'ITEM':
      return (
        <GridCell title={statusWords[item.status] ?? item.status}>
          <span
            className={clsx(classes.dot, dots[item.status])}
            aria-label={statusWords[item.status] ?? item.status}
            role="img"
          />
          <span className={classes.place}>{index + 1}</span>
          <span className={classes.text}>{previewOf(item.input)}</span>
          {item.repetition > 0 && <span className={classes.repetition}>#{item.repetition + 1}</span>}
        </GridCell>
      )
    case 'SCORE':
      return <ScoreCell column={of.score} item={item} compared={compared} />
    case 'OUTPUT':
      return (
        <GridCell>
          {item.error && item.status === 'FAILED' ? (
            <span className={classes.error}>
              {item.error.taskCode ?? item.error.code}: {item.error.message}
            </span>
          ) : (
            <span className={classes.text}>{item.status === 'SUCCEEDED' ? previewOf(item.output) : ''}</span>
          )}
          {item.attempts > 1 && <span className={classes.repetition}>{item.attempts} attempts</span>}
          {item.traceUrl && (
            <a
              href={item.traceUrl}
              target="_blank"
              rel="noreferrer"
              aria-label="Open the trace"
              className={classes.trace}
            >
              <IconExternalLink size={15} />
            </a>
          )}
        </GridCell>
      )
    case 'BASELINE_OUTPUT': {
      const [before] = compared?.baseline.items ?? []
      return (
        <GridCell>
          {before?.error && before.status === 'FAILED' ? (
            <span className={classes.error}>{before.error.message}</span>
          ) : (
            <span className={classes.dim}>{before?.status === 'SUCCEEDED' ? previewOf(before.output) : ''}</span>
          )}
        </GridCell>
      )
    }
    case 'EXPECTED':
      return (
        <GridCell>
          <span className={classes.dim}>{item.expectedOutput === null ? '' : previewOf(item.expectedOutput)}</span>
        </GridCell>
      )
    case 'LATENCY':
      return (
        <GridCell className={classes.number}>
          {item.latencyMs === null ? '' : formatDuration(item.latencyMs)}
          <Change kind="LATENCY" delta={deltaOf(item.latencyMs, compared?.baseline.latencyMs)} />
        </GridCell>
      )
    case 'COST':
      return (
        <GridCell className={classes.number}>
          {item.costUsd === null ? '' : formatCost(item.costUsd)}
          <Change kind="COST" delta={deltaOf(item.costUsd, compared?.baseline.costUsd)} />
        </GridCell>
      )
  }
}

function ScoreCell({
  column,
  item,
  compared,
}: {
  column: ScoreColumn
  item: RunItemRowFragment
  compared: BaselineCells | null
}) {
  const score = scoreNamed(item.scores, column.name, column.source)
  if (score?.error) {
    return (
      <GridCell title={score.error.message}>
        <IconAlertTriangle size={14} aria-hidden className={classes.warn} />
        <span className={classes.warnText}>evaluator failed</span>
      </GridCell>
    )
  }
  if (!score) {
    const ended = item.status === 'SUCCEEDED' || item.status === 'FAILED'
    return <GridCell>{ended && <span className={classes.dim}>no score</span>}</GridCell>
  }
  const change =
    column.source === null ? compared?.candidate.scores.find(({ name }) => name === column.name) : undefined
  return (
    <GridCell className={classes.number} ground={heatOf(score.value, column)} title={score.comment ?? undefined}>
      <span className={classes.text}>{writeScore(column.dataType, score.value, score.label)}</span>
      {change && change.delta !== null && change.change !== 'UNCHANGED' && column.direction !== 'NONE' && (
        <Sign better={isBetter(change.delta, column.direction)}>
          {column.dataType === 'BOOLEAN' && Math.abs(change.delta) === 1
            ? `was ${change.delta > 0 ? 'no' : 'yes'}`
            : formatDelta(change.delta, unitOf('SCORE', column.dataType).size)}
        </Sign>
      )}
    </GridCell>
  )
}

function Change({ kind, delta }: { kind: string; delta: number | null }) {
  if (delta === null || delta === 0) return null
  return <Sign better={delta < 0}>{formatDelta(delta, unitOf(kind, null).size)}</Sign>
}

function Sign({ better, children }: { better: boolean | null; children: string }) {
  return (
    <span className={clsx(classes.change, better === true && classes.better, better === false && classes.worse)}>
      {better === null ? '' : better ? '↗ ' : '↘ '}
      {children}
    </span>
  )
}

function deltaOf(now: number | null, before: number | null | undefined): number | null {
  return now === null || before === null || before === undefined ? null : now - before
}

const statusWords: Record<string, string> = {
  QUEUED: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'not executed',
}

const dots: Record<string, string | undefined> = {
  QUEUED: classes.queued,
  RUNNING: classes.running,
  SUCCEEDED: classes.succeeded,
  FAILED: classes.failed,
  CANCELLED: classes.queued,
}
