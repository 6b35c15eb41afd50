/** What evaluators, programs and other people said of an output. */
import { Button, Kbd } from '@mantine/core'
import frame from '../../components/item-frame.module.css'
import { writeScore } from '../../components/score-value.ts'
import classes from './review.module.css'
import type { ReviewedItem } from './review-query.ts'

const sources: Record<string, string> = { EVALUATOR: 'evaluator', HUMAN: '', API: 'program' }

interface OthersProps {
  item: Pick<ReviewedItem, 'scores'>
  /** Ids of the reviewer's own. */
  own: readonly string[]
  shown: boolean
  onShow: () => void
}

/** Who sees what a judge said before saying anything agrees with it more than one should. */
export function OthersScores({ item, own, shown, onShow }: OthersProps) {
  const others = item.scores.filter(({ id }) => !own.includes(id))
  if (others.length === 0) return null
  if (!shown) {
    return (
      <Button variant="subtle" size="xs" rightSection={<Kbd size="xs">o</Kbd>} onClick={onShow}>
        Show what others said
      </Button>
    )
  }
  return (
    <dl className={classes.others} aria-label="What others said">
      {others.map(({ id, name, source, dataType, value, label, comment, author, error }) => (
        <div key={id}>
          <dt>
            {name} <span className={frame.faint}>{[sources[source] ?? source, author].filter(Boolean).join(' ')}</span>
          </dt>
          <dd>
            {error ? <span className={frame.error}>{error.message}</span> : writeScore(dataType, value, label)}
            {comment && <div className={frame.faint}>{comment}</div>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
