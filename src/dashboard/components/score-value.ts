/** A single score of an item: which one counts where there are several, how it is written, and how good it is. */
import type { Direction, RunItemRowFragment, ScoreDataType } from '../gql/graphql.ts'
import { formatScore } from './number-format.ts'

export type ItemScore = RunItemRowFragment['scores'][number]

const precedence = ['EVALUATOR', 'API', 'HUMAN']

/** That of the evaluator, else of a program, else of a person. */
export function scoreNamed(scores: readonly ItemScore[], name: string): ItemScore | undefined {
  return scores
    .filter((score) => score.name === name)
    .sort((a, b) => precedence.indexOf(a.source) - precedence.indexOf(b.source))[0]
}

/** Booleans are words with a sign, never 0 and 1; a mean of several is a share. */
export function writeScore(dataType: ScoreDataType | null, value: number | null, label: string | null): string {
  if (value === null) return label ?? '–'
  if (dataType !== 'BOOLEAN') return formatScore(value)
  if (value === 1) return '✓ yes'
  if (value === 0) return '✗ no'
  return `${(value * 100).toFixed(0)} % yes`
}

interface Range {
  dataType: ScoreDataType
  direction: Direction
  min: number | null
  max: number | null
}

/** The ground of a cell: greener the better, redder the worse, within what the run has; undefined where nothing is good. */
export function heatOf(value: number | null, { dataType, direction, min, max }: Range): string | undefined {
  if (value === null || direction === 'NONE') return undefined
  const [low, high] = dataType === 'BOOLEAN' ? [0, 1] : [min ?? value, max ?? value]
  if (high === low) return undefined
  const share = (value - low) / (high - low)
  const goodness = 2 * (direction === 'HIGHER_IS_BETTER' ? share : 1 - share) - 1
  const strength = (Math.abs(goodness) * 0.17).toFixed(3)
  return `rgb(var(${goodness > 0 ? '--heat-better' : '--heat-worse'}) / ${strength})`
}
