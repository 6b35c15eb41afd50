/** What a person can label an item with: by the config of the score's name, else by what the run has of it. */
import { useQuery } from 'urql'
import { graphql } from '../../../gql/gql.ts'
import type { ScoreDataType } from '../../../gql/graphql.ts'
import type { RunPageRun } from '../run-query.ts'

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

/** The choices for a name, and the names that there are. */
export function useLabelChoices(run: RunPageRun, name: string): { choices: readonly Choice[]; names: string[] } {
  const [{ data }] = useQuery({ query: configsQuery, requestPolicy: 'cache-first' })
  const configs = data?.scoreConfigs?.nodes ?? []
  const config = configs.find((one) => one.name === name)
  const summary = run.stats.scores.find((one) => one.name === name)
  const names = [...new Set([...configs.map((one) => one.name), ...run.stats.scores.map((one) => one.name)])]
  if (config?.dataType === 'CATEGORICAL' && config.categories) return { choices: ofLabels(config.categories), names }
  if (config?.dataType === 'NUMERIC') return { choices: ofScale(config.min, config.max), names }
  if (!config && summary?.dataType === 'CATEGORICAL') {
    return { choices: ofLabels(summary.labels.map(({ label }) => label)), names }
  }
  if (!config && summary?.dataType === 'NUMERIC') return { choices: ofScale(null, null), names }
  return { choices: yesOrNo, names }
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
