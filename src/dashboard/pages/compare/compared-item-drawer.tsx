/** One item with what every run made of it, side by side or as what changed from the baseline. */
import { SegmentedControl, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import classes from '../../components/item-frame.module.css'
import { ItemFrame, ItemSkeleton } from '../../components/item-frame.tsx'
import { formatCost, formatDelta, formatDuration } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { writeScore } from '../../components/score-value.ts'
import { ValueView } from '../../components/value-view.tsx'
import { unitOf } from '../../components/verdict.ts'
import { type RowStore, useRow } from '../../data/row-store.ts'
import type { AlignedRowFragment } from '../../gql/graphql.ts'
import type { ComparedRun } from './compare-query.ts'

const DiffView = lazy(() => import('../../components/diff/diff-view.tsx'))

interface Props {
  /** Baseline first. */
  runs: readonly ComparedRun[]
  /** Of the dataset item. */
  itemId: string
  store: RowStore<AlignedRowFragment>
  /** It was looked for in vain. */
  absent: boolean
  place: { index: number; count: number } | null
  onStep: (by: number) => void
  onClose: () => void
}

type Mode = 'SIDES' | 'DIFF'

export function ComparedItemDrawer({ runs, itemId, store, absent, place, onStep, onClose }: Props) {
  const row = useRow(store, itemId)?.row
  return (
    <ItemFrame place={place} width={900} onStep={onStep} onClose={onClose}>
      {row ? (
        <Detail row={row} runs={runs} />
      ) : absent ? (
        <Text c="dimmed">None of the runs has this item.</Text>
      ) : (
        <ItemSkeleton />
      )}
    </ItemFrame>
  )
}

function Detail({ row, runs }: { row: AlignedRowFragment; runs: readonly ComparedRun[] }) {
  const [mode, setMode] = useState<Mode>('SIDES')
  const cellOf = (id: string) => row.cells.find(({ run }) => run.id === id)
  const revision = row.cells.find((cell) => cell.revision !== null)?.revision
  const [baseline] = runs
  const before = baseline && cellOf(baseline.id)?.items[0]
  const scores = [
    ...new Set(
      row.cells.flatMap(({ scores }) =>
        scores.filter(({ value, label }) => value !== null || label !== null).map(({ name }) => name),
      ),
    ),
  ]
  return (
    <div className={classes.detail}>
      <section aria-label="Input">
        <h3>Input</h3>
        <ValueView value={revision?.input} nothing="none" />
      </section>
      {revision && revision.expectedOutput !== null && (
        <section aria-label="Expected output">
          <h3>Expected</h3>
          <ValueView value={revision.expectedOutput} />
        </section>
      )}
      <section aria-label="Outputs">
        <div className={classes.sectionHead}>
          <h3>Outputs</h3>
          <SegmentedControl
            size="xs"
            aria-label="How the outputs are shown"
            value={mode}
            onChange={(value) => setMode(value as Mode)}
            data={[
              { value: 'SIDES', label: 'Side by side' },
              { value: 'DIFF', label: 'Difference' },
            ]}
          />
        </div>
        <div className={classes.sides}>
          {runs.map((run) => {
            const items = cellOf(run.id)?.items ?? []
            const [first] = items
            const isDiff =
              mode === 'DIFF' && run !== baseline && before?.status === 'SUCCEEDED' && first?.status === 'SUCCEEDED'
            return (
              <div key={run.id} className={classes.side}>
                <span className={classes.sideName}>
                  {first ? (
                    <Link to="/runs/$runId" params={{ runId: run.id }} search={{ item: first.id }}>
                      {titleOfRun(run.name)}
                    </Link>
                  ) : (
                    titleOfRun(run.name)
                  )}
                </span>
                {items.length === 0 && <Text c="dimmed">not in this run</Text>}
                {isDiff ? (
                  <Suspense fallback={null}>
                    <DiffView before={before.output} after={first.output} />
                  </Suspense>
                ) : (
                  items.map(({ id, status, output, outputTruncated, error }) => (
                    <div key={id}>
                      {status === 'SUCCEEDED' ? (
                        <ValueView value={output} truncated={outputTruncated} />
                      ) : (
                        <span className={classes.error}>
                          {error ? `${error.taskCode ?? error.code}: ${error.message}` : status.toLowerCase()}
                        </span>
                      )}
                    </div>
                  ))
                )}
              </div>
            )
          })}
        </div>
      </section>
      <section aria-label="Scores">
        <h3>Scores</h3>
        <div className={classes.scrolls}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">Score</th>
                {runs.map(({ id, name }) => (
                  <th key={id} scope="col">
                    {titleOfRun(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {scores.map((name) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {runs.map(({ id }) => {
                    const score = cellOf(id)?.scores.find((one) => one.name === name)
                    return (
                      <td key={id}>
                        {score ? writeScore(score.dataType, score.value, score.label) : '–'}
                        {score && score.delta !== null && score.delta !== 0 && (
                          <span className={classes.faint}>
                            {' '}
                            {formatDelta(score.delta, unitOf('SCORE', score.dataType).size)}
                          </span>
                        )}
                      </td>
                    )
                  })}
                </tr>
              ))}
              <tr>
                <th scope="row">latency</th>
                {runs.map(({ id }) => (
                  <td key={id}>{formatDuration(cellOf(id)?.latencyMs)}</td>
                ))}
              </tr>
              {row.cells.some(({ costUsd }) => costUsd !== null) && (
                <tr>
                  <th scope="row">cost</th>
                  {runs.map(({ id }) => (
                    <td key={id}>{formatCost(cellOf(id)?.costUsd)}</td>
                  ))}
                </tr>
              )}
            </tbody>
          </table>
        </div>
      </section>
      {revision && (revision.metadata !== null || revision.tags.length > 0) && (
        <section aria-label="Metadata">
          <h3>Metadata</h3>
          {revision.tags.length > 0 && <Text size="sm">Tags: {revision.tags.join(', ')}</Text>}
          {revision.metadata !== null && <ValueView value={revision.metadata} />}
        </section>
      )}
    </div>
  )
}
