/** Tries a version on an item of a dataset, and a model on what it becomes. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useQuery } from 'urql'
import { graphql } from '../../gql/gql.ts'
import { datasetsOfForm } from '../new-experiment/form-query.ts'
import { ModelInput } from '../settings/providers/model-input.tsx'
import { PromptPreview } from './preview/prompt-preview.tsx'
import { useItemToTry } from './preview/use-item-to-try.ts'
import classes from './prompt-page.module.css'
import type { PromptOfPage, VersionOfPage } from './prompt-query.ts'
import type { PromptSearch } from './prompts-search.ts'

const providersToTry = graphql(`
  query ProvidersToTry { providers(first: 100) { nodes { id name } } }
`)

interface Props {
  prompt: PromptOfPage
  version: VersionOfPage
  search: PromptSearch
  onSearch: (now: Partial<PromptSearch>) => void
}

export function TryVersion({ prompt, version, search, onSearch }: Props) {
  const dataset = search.dataset ?? prompt.experiments?.nodes[0]?.dataset.id ?? null
  const tried = useItemToTry(dataset)
  const chosen = useCall(prompt)
  return (
    <div className={classes.try}>
      <div className={classes.tryFields}>
        <DatasetToTry value={dataset} onChange={(id) => onSearch({ dataset: id ?? undefined })} />
        {chosen.fields}
      </div>
      <PromptPreview
        prompt={{ prompt: { name: prompt.name, version: version.version } }}
        tried={tried}
        call={chosen.call}
        withoutItem={
          dataset === null ? 'Choose a dataset to try it on one of its items.' : 'The dataset has no items yet.'
        }
      />
    </div>
  )
}

export function DatasetToTry({ value, onChange }: { value: string | null; onChange: (id: string | null) => void }) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 200)
  const [{ data }] = useQuery({ query: datasetsOfForm, variables: { search: null } })
  const [found] = useQuery({ query: datasetsOfForm, variables: { search: search || null } })
  const nodes = new Map(
    [...(found.data?.datasets?.nodes ?? []), ...(data?.datasets?.nodes ?? [])].map((one) => [one.id, one.name]),
  )
  return (
    <Select
      label="Dataset"
      placeholder="Choose a dataset"
      searchable
      clearable
      data={[...nodes].map(([id, name]) => ({ value: id, label: name }))}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value}
      onChange={onChange}
    />
  )
}

/** A provider and a model to call; at first those of the newest experiment. */
export function useCall(prompt: PromptOfPage | null) {
  const used = prompt?.experiments?.nodes.map(({ task }) => task).find((task) => task.__typename === 'PromptTask')
  const [{ data }] = useQuery({ query: providersToTry })
  const [given, setGiven] = useState<{ provider: string | null; model: string } | null>(null)
  const providers = data?.providers?.nodes ?? []
  const before = used?.__typename === 'PromptTask' ? used : null
  const provider = given?.provider ?? before?.provider ?? (providers.length === 1 ? (providers[0]?.name ?? null) : null)
  const model = given?.model ?? before?.model ?? ''
  const fields = (
    <>
      <Select
        label="Provider"
        placeholder={providers.length === 0 ? 'None yet: add one in the settings' : 'Choose one'}
        disabled={providers.length === 0}
        data={providers.map(({ name }) => name)}
        value={provider}
        onChange={(name) => setGiven({ provider: name, model })}
      />
      <ModelInput
        providerId={providers.find(({ name }) => name === provider)?.id ?? null}
        value={model}
        onChange={(name) => setGiven({ provider, model: name })}
      />
    </>
  )
  return { call: provider !== null && model.trim() !== '' ? { provider, model: model.trim() } : null, fields }
}
