/** A model of a provider, found by its name; every other name can be written, too. */
import { Autocomplete, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { useQuery } from 'urql'
import { formatCost, formatCount } from '../../../components/number-format.ts'
import type { ModelsOfProviderQuery } from '../../../gql/graphql.ts'
import { modelsQuery } from './provider-query.ts'
import classes from './providers.module.css'

type Model = NonNullable<ModelsOfProviderQuery['models']>['nodes'][number]

interface Props {
  /** Id of the provider; null: none is chosen. */
  providerId: string | null
  value: string
  /** What the provider said that it serves. */
  served?: readonly string[]
  error?: ReactNode
  label?: string
  onChange: (model: string) => void
}

export function ModelInput({ providerId, value, served = [], error, label = 'Model', onChange }: Props) {
  const [typed] = useDebouncedValue(value.trim(), 150)
  const variables = { providerId: providerId ?? '', search: typed || null }
  const [{ data, fetching }] = useQuery({ query: modelsQuery, variables, pause: providerId === null })
  // A model that is chosen still shows the others when the list is opened.
  const [all] = useQuery({ query: modelsQuery, variables: { ...variables, search: null }, pause: providerId === null })
  const found = data?.models?.nodes ?? []
  const exact = found.find(({ name }) => name === value.trim())
  const listed = exact ? [...found, ...(all.data?.models?.nodes ?? [])] : found
  const models = new Map(listed.map((model) => [model.name, model]))
  const others = served.filter((name) => !models.has(name) && (exact || name.includes(typed)))
  return (
    <Autocomplete
      label={label}
      withAsterisk
      placeholder={providerId === null ? 'Choose a provider first' : 'Search, or write its name'}
      disabled={providerId === null}
      value={value}
      error={error}
      description={priceOf(value.trim(), exact, fetching)}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={[...models.keys(), ...others]}
      filter={({ options }) => options}
      maxDropdownHeight={320}
      comboboxProps={{ width: 'min(480px, calc(100vw - 32px))', position: 'bottom-start' }}
      onChange={onChange}
      renderOption={({ option }) => <Option name={option.value} model={models.get(option.value)} />}
    />
  )
}

function Option({ name, model }: { name: string; model: Model | undefined }) {
  return (
    <span className={classes.model}>
      <span className={classes.modelName}>{name}</span>
      <Text span size="xs" c="dimmed" className="number">
        {model ? facts(model) : 'served; price unknown'}
      </Text>
    </span>
  )
}

function priceOf(value: string, model: Model | undefined, fetching: boolean): string | undefined {
  if (value === '') return undefined
  if (model) return facts(model)
  return fetching ? ' ' : 'Its price is not known: costs will be unknown until a price is set in the settings.'
}

/** Prices are per million tokens. */
function facts({ prices, contextTokens, isOverridden }: Model): string {
  const price = prices
    ? `${formatCost(prices.input)} in, ${formatCost(prices.output)} out per million tokens${isOverridden ? ', set by the project' : ''}`
    : 'price unknown'
  return contextTokens ? `${price} · ${contextOf(contextTokens)} context` : price
}

function contextOf(tokens: number): string {
  if (tokens >= 1_000_000) return `${formatCount(Math.round(tokens / 100_000) / 10)}M`
  return tokens >= 1_000 ? `${Math.round(tokens / 1_000)}k` : String(tokens)
}
