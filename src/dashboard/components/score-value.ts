/** A single score of an item: which one counts where there are several, how it is written, and how good it is. */
import type { Direction, RunItemRowFragment, ScoreDataType, ScoreSource } from '../gql/graphql.ts'
import { formatScore } from './number-format.ts'

export type ItemScore = RunItemRowFragment['scores'][number]

const precedence: readonly ScoreSource[] = ['EVALUATOR', 'API', 'HUMAN']

/**
 * That of the source; without one that of the evaluator, else of programs, else of people. Of several programs or people
 * their mean, or the label that most of them gave.
 */
export function scoreNamed(
  scores: readonly ItemScore[],
  name: string,
  source: ScoreSource | null = null,
): ItemScore | undefined {
  const named = scores.filter((score) => score.name === name && (source === null || score.source === source))
  const from = precedence.find((one) => named.some((score) => score.source === one))
  const series = named.filter((score) => score.source === from)
  const given = series.filter(({ error }) => error === null)
  const [first] = given
  if (!first || given.length === 1) return first ?? series[0]
  const values = given.flatMap(({ value }) => value ?? [])
  const mean = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  return { ...first, value: mean, label: majorityOf(given.flatMap(({ label }) => label ?? [])), comment: null }
}

/** Null when several are as frequent. */
function majorityOf(labels: readonly string[]): string | null {
  const counts = [...new Set(labels)].map((label) => ({ label, count: labels.filter((one) => one === label).length }))
  const [most, second] = counts.sort((a, b) => b.count - a.count)
  return most && most.count > (second?.count ?? 0) ? most.label : null
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
