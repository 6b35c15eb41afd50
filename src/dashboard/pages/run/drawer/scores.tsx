import classes from '../../../components/item-frame.module.css'
import { formatDelta } from '../../../components/number-format.ts'
import { type ItemScore, scoreNamed, writeScore } from '../../../components/score-value.ts'
import { unitOf } from '../../../components/verdict.ts'
import type { Execution } from './item-query.ts'

const sources: Record<string, string> = { EVALUATOR: 'evaluator', HUMAN: 'person', API: 'program' }

/** Every score with its reason, where it comes from, and what the other run has. */
export function Scores({ scores, other }: { scores: readonly ItemScore[]; other: Execution | null }) {
  if (scores.length === 0) return null
  return (
    <section aria-label="Scores">
      <h3>Scores</h3>
      <div className={classes.scrolls}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Score</th>
              <th scope="col">Value</th>
              {other && <th scope="col">Other run</th>}
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {scores.map((score) => (
              <tr key={score.id}>
                <th scope="row">
                  {score.name}
                  <div className={classes.faint}>
                    {sources[score.source] ?? score.source}
                    {score.author && ` ${score.author}`}
                  </div>
                </th>
                <td>
                  {score.error ? (
                    <span className={classes.error}>failed</span>
                  ) : (
                    writeScore(score.dataType, score.value, score.label)
                  )}
                </td>
                {other && <td>{otherValue(score, scoreNamed(other.scores, score.name, score.source))}</td>}
                <td>{score.error ? <span className={classes.error}>{score.error.message}</span> : score.comment}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function otherValue(score: ItemScore, other: ItemScore | undefined): string {
  if (!other || other.error) return '–'
  const delta =
    score.value === null || other.value === null || score.value === other.value
      ? ''
      : ` (${formatDelta(score.value - other.value, unitOf('SCORE', score.dataType).size)})`
  return `${writeScore(other.dataType, other.value, other.label)}${delta}`
}
