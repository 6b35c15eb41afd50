import { SegmentedControl, Select } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { titleOfRun } from '../../../components/run-name.ts'
import { ValueView } from '../../../components/value-view.tsx'
import { useFileAddress } from '../../../data/project.ts'
import classes from './item-drawer.module.css'
import type { DetailedItem, Execution } from './item-query.ts'

const DiffView = lazy(() => import('../../../components/diff/diff-view.tsx'))

interface Props {
  item: DetailedItem
  /** The same item in another run; null: none is shown beside it. */
  other: Execution | null
  others: readonly Execution[]
  /** Of this run, this one among them. */
  repetitions: readonly Execution[]
  onOther: (id: string | null) => void
}

type Mode = 'SIDES' | 'DIFF'

/** The output, beside that of another run or as what changed from it. */
export function Outputs({ item, other, others, repetitions, onOther }: Props) {
  const [mode, setMode] = useState<Mode>('SIDES')
  const canDiff = other?.status === 'SUCCEEDED' && item.status === 'SUCCEEDED'
  return (
    <section aria-label="Output">
      <div className={classes.outputsHead}>
        <h3>Output</h3>
        {others.length > 0 && (
          <Select
            size="xs"
            w={240}
            aria-label="The run to compare with"
            placeholder="Compare with another run"
            clearable
            value={other?.id ?? null}
            onChange={onOther}
            data={others.map(({ id, run }) => ({ value: id, label: titleOfRun(run.name) }))}
          />
        )}
        {canDiff && (
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
        )}
      </div>
      {canDiff && mode === 'DIFF' ? (
        <div className={classes.side}>
          <span className={classes.sideName}>
            From {titleOfRun(other.run.name)} to this run: <del>removed</del>, <ins>added</ins>
          </span>
          <Suspense fallback={null}>
            <DiffView before={other.output} after={item.output} />
          </Suspense>
        </div>
      ) : (
        <div className={classes.sides}>
          {other && <Side name={titleOfRun(other.run.name)} execution={other} />}
          {(repetitions.length > 1 ? repetitions : [item]).map((execution) => (
            <Side
              key={execution.id}
              name={repetitions.length > 1 ? `Repetition ${execution.repetition + 1}` : 'This run'}
              execution={execution}
            />
          ))}
        </div>
      )}
    </section>
  )
}

type Shown = Pick<Execution, 'id' | 'status' | 'output' | 'outputTruncated' | 'error'>

function Side({ name, execution: { id, status, output, outputTruncated, error } }: { name: string; execution: Shown }) {
  const fileAddress = useFileAddress()
  return (
    <div className={classes.side}>
      <span className={classes.sideName}>{name}</span>
      {status === 'SUCCEEDED' && <ValueView value={output} />}
      {status === 'FAILED' && (
        <div className={classes.error}>
          {error?.code}: {error?.message}
        </div>
      )}
      {status !== 'SUCCEEDED' && status !== 'FAILED' && <span className={classes.faint}>{status.toLowerCase()}</span>}
      {outputTruncated && (
        <a href={fileAddress(`/output/${id}`)} download>
          Download the whole output
        </a>
      )}
    </div>
  )
}
