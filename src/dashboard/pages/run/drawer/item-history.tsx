import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { Age } from '../../../components/age.tsx'
import classes from '../../../components/item-frame.module.css'
import { formatDuration } from '../../../components/number-format.ts'
import { titleOfRun } from '../../../components/run-name.ts'
import { scoreNamed, writeScore } from '../../../components/score-value.ts'
import { Sparkline } from '../../../components/sparkline.tsx'
import type { RunPageRun } from '../run-query.ts'
import { scoresOf } from '../score-columns.ts'
import own from './item-drawer.module.css'
import type { Execution } from './item-query.ts'

interface Props {
  run: RunPageRun
  /** Newest run first. */
  executions: readonly Execution[]
  otherId: string | null
  onOther: (id: string) => void
}

/** How many scores have a column. */
const maxScores = 3

/** What the runs of the dataset made of this item. */
export function ItemHistory({ run, executions, otherId, onOther }: Props) {
  const scores = scoresOf(run).slice(0, maxScores)
  const [first] = scores
  const values = first
    ? executions.toReversed().map(({ scores }) => scoreNamed(scores, first.name, first.source)?.value ?? null)
    : []
  return (
    <section aria-label="History of this item">
      <h3>In other runs</h3>
      {first && values.filter((value) => value !== null).length > 1 && (
        <Sparkline values={values} label={`${first.title} of this item, oldest run first`} className={own.spark} />
      )}
      <div className={classes.scrolls}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Run</th>
              {scores.map(({ title }) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
              <th scope="col">Latency</th>
              <th scope="col">Started</th>
            </tr>
          </thead>
          <tbody>
            {executions.map(({ id, run: other, repetition, scores: values, latencyMs, status }) => (
              <tr
                key={id}
                className={clsx(other.id === run.id && own.here, id === otherId && own.other)}
                onMouseDown={() => other.id !== run.id && onOther(id)}
              >
                <td>
                  {other.id === run.id ? (
                    'This run'
                  ) : (
                    <Link to="/runs/$runId" params={{ runId: other.id }} search={{ item: id }}>
                      {titleOfRun(other.name)}
                    </Link>
                  )}
                  {repetition > 0 && ` #${repetition + 1}`}
                </td>
                {scores.map((column) => {
                  const score = scoreNamed(values, column.name, column.source)
                  return (
                    <td key={column.title}>{score ? writeScore(column.dataType, score.value, score.label) : '–'}</td>
                  )
                })}
                <td>{status === 'FAILED' ? 'failed' : formatDuration(latencyMs)}</td>
                <td className={classes.faint}>
                  <Age of={other.createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
