import { Tooltip } from '@mantine/core'
import type { RunSummaryFragment } from '../gql/graphql.ts'
import { formatCount, formatScore, formatShare } from './number-format.ts'
import classes from './score-mean.module.css'
import { nameOf } from './verdict.ts'

type Summary = RunSummaryFragment['stats']['scores'][number]

/** A score of a run with its name: the mean, never without how many values it has and how many are missing. */
export function ScoreMean({ score }: { score: Summary }) {
  return (
    <Tooltip label={coverageOf(score)}>
      <span className={classes.score}>
        <span className={classes.name}>{nameOf({ kind: 'SCORE', ...score })}</span>
        <span className={classes.value}>{meanOf(score)}</span>
        <span className="hidden-visually">{coverageOf(score)}</span>
      </span>
    </Tooltip>
  )
}

/** Its mean; of labels the most frequent one with its share. */
export function meanOf({ dataType, mean, labels, count }: Summary): string {
  const [top] = labels
  if (top && mean === null) return `${top.label} ${formatShare(top.count / Math.max(1, count))}`
  return dataType === 'BOOLEAN' ? formatShare(mean) : formatScore(mean)
}

/** `n = 312, 3 evaluators failed, 5 missing`. */
export function coverageOf({ count, errorCount, missingCount, stderr, dataType }: Summary): string {
  const error =
    stderr === null ? '' : `± ${dataType === 'BOOLEAN' ? formatShare(stderr) : formatScore(stderr)} standard error, `
  const failed = errorCount > 0 ? `, ${formatCount(errorCount)} evaluator errors` : ''
  const missing = missingCount > 0 ? `, ${formatCount(missingCount)} missing` : ''
  return `${error}n = ${formatCount(count)}${failed}${missing}`
}
