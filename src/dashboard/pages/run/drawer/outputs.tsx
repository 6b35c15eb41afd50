import { SegmentedControl, Select } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useQuery } from 'urql'
import classes from '../../../components/item-frame.module.css'
import { titleOfRun } from '../../../components/run-name.ts'
import { ValueView } from '../../../components/value-view.tsx'
import { useFileAddress } from '../../../data/project.ts'
import type { RunPageRun } from '../run-query.ts'
import own from './item-drawer.module.css'
import { type DetailedItem, type Execution, outputQuery } from './item-query.ts'
import { useWrittenOutput } from './use-written-output.ts'

const DiffView = lazy(() => import('../../../components/diff/diff-view.tsx'))

interface Props {
  run: RunPageRun
  item: DetailedItem
  /** The same item in another run; null: none is shown beside it. */
  other: Execution | null
  others: readonly Execution[]
  /** Of this run, this one among them. */
  repetitions: readonly Execution[]
  onOther: (id: string | null) => void
}

type Mode = 'SIDES' | 'DIFF'
type Result = Pick<DetailedItem, 'id' | 'status' | 'output' | 'outputTruncated' | 'error'>

/** The output, beside that of another run or as what changed from it. */
export function Outputs({ run, item, other, others, repetitions, onOther }: Props) {
  const [mode, setMode] = useState<Mode>('SIDES')
  const otherResult = useResult(other?.id ?? null)
  const canDiff = otherResult?.status === 'SUCCEEDED' && item.status === 'SUCCEEDED'
  const streams = run.task.__typename === 'PromptTask' && run.task.stream
  return (
    <section aria-label="Output">
      <div className={classes.sectionHead}>
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
      {canDiff && other && mode === 'DIFF' ? (
        <div className={classes.side}>
          <span className={classes.sideName}>
            From {titleOfRun(other.run.name)} to this run: <del>removed</del>, <ins>added</ins>
          </span>
          <Suspense fallback={null}>
            <DiffView before={otherResult.output} after={item.output} />
          </Suspense>
        </div>
      ) : (
        <div className={classes.sides}>
          {other && <Side name={titleOfRun(other.run.name)} result={otherResult} streams={false} />}
          {repetitions.length > 1 ? (
            repetitions.map((one) =>
              one.id === item.id ? (
                <Side key={one.id} name={nameOf(one)} result={item} streams={streams} />
              ) : (
                <Repetition key={one.id} execution={one} streams={streams} />
              ),
            )
          ) : (
            <Side name="This run" result={item} streams={streams} />
          )}
        </div>
      )}
    </section>
  )
}

function nameOf({ repetition }: Execution): string {
  return `Repetition ${repetition + 1}`
}

function Repetition({ execution, streams }: { execution: Execution; streams: boolean }) {
  return <Side name={nameOf(execution)} result={useResult(execution.id)} streams={streams} />
}

/** Null until it is read. */
function useResult(id: string | null): Result | null {
  const [{ data }] = useQuery({ query: outputQuery, variables: { id: id ?? '' }, pause: id === null })
  return id !== null && data?.node?.id === id && 'status' in data.node ? data.node : null
}

function Side({ name, result, streams }: { name: string; result: Result | null; streams: boolean }) {
  const fileAddress = useFileAddress()
  return (
    <div className={classes.side}>
      <span className={classes.sideName}>{name}</span>
      {result?.status === 'SUCCEEDED' && <ValueView value={result.output} truncated={result.outputTruncated} />}
      {result?.status === 'FAILED' && (
        <div className={classes.error}>
          {result.error?.taskCode ?? result.error?.code}: {result.error?.message}
        </div>
      )}
      {result?.status === 'RUNNING' && streams && <Written id={result.id} />}
      {result && !['SUCCEEDED', 'FAILED'].includes(result.status) && (
        <div className={classes.faint}>
          {result.status.toLowerCase()}
          {result.error && `; the attempt before failed: ${result.error.message}`}
        </div>
      )}
      {result?.outputTruncated && (
        <a href={fileAddress(`/output/${result.id}`)} download>
          Download the whole output
        </a>
      )}
    </div>
  )
}

/** As it is being written: not made into anything before it is complete. */
function Written({ id }: { id: string }) {
  const { text, attempt, truncated } = useWrittenOutput(id)
  return (
    <div className={own.written} aria-live="off">
      {text}
      <span className={own.caret} aria-hidden />
      {attempt !== null && attempt > 1 && <div className={classes.faint}>attempt {attempt}</div>}
      {truncated && <div className={classes.faint}>It writes more than is shown.</div>}
    </div>
  )
}
