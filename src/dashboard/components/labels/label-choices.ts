/** What a person can label an item with: by the config of the score's name, else by what the run has of it. */
import { useQuery } from 'urql'
import { graphql } from '../../gql/gql.ts'
import type { RunSummaryFragment, ScoreDataType } from '../../gql/graphql.ts'

const configsQuery = graphql(`
  query LabelConfigs { scoreConfigs(first: 100) { nodes { id name dataType min max categories } } }
`)

export interface Choice {
  text: string
  dataType: ScoreDataType
  value?: number
  label?: string
}

const yesOrNo: readonly Choice[] = [
  { text: '✓ yes', dataType: 'BOOLEAN', value: 1 },
  { text: '✗ no', dataType: 'BOOLEAN', value: 0 },
]

/** Each has a key. */
const maxChoices = 9

/** The choices for a name, and the names that there are. @param scores of the run */
export function useLabelChoices(
  scores: RunSummaryFragment['stats']['scores'],
  name: string,
): { choices: readonly Choice[]; names: string[]; dataType: ScoreDataType | null } {
  const [{ data }] = useQuery({ query: configsQuery, requestPolicy: 'cache-first' })
  const configs = data?.scoreConfigs?.nodes ?? []
  const config = configs.find((one) => one.name === name)
  const summary = scores.find((one) => one.name === name)
  const names = [...new Set([...configs.map((one) => one.name), ...scores.map((one) => one.name)])]
  const dataType = config?.dataType ?? summary?.dataType ?? null
  const found = (choices: readonly Choice[]) => ({ choices, names, dataType })
  if (config?.dataType === 'CATEGORICAL' && config.categories) return found(ofLabels(config.categories))
  if (config?.dataType === 'NUMERIC') return found(ofScale(config.min, config.max))
  if (!config && summary?.dataType === 'CATEGORICAL') return found(ofLabels(summary.labels.map(({ label }) => label)))
  if (!config && summary?.dataType === 'NUMERIC') return found(ofScale(null, null))
  return found(yesOrNo)
}

function ofLabels(labels: readonly string[]): readonly Choice[] {
  return labels.slice(0, maxChoices).map((label) => ({ text: label, label, dataType: 'CATEGORICAL' }))
}

/** The whole numbers of a short scale; none where there is no such scale. */
function ofScale(min: number | null, max: number | null): readonly Choice[] {
  if (min === null || max === null || max - min >= maxChoices) return []
  const count = Math.floor(max) - Math.ceil(min) + 1
  return Array.from({ length: count }, (_, n) => Math.ceil(min) + n).map((value) => ({
    text: String(value),
    value,
    dataType: 'NUMERIC',
  }))
}
