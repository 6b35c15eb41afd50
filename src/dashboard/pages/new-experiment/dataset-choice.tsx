/** The dataset, found by its name, and the version that is used. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useQuery } from 'urql'
import { formatAge, plural } from '../../components/number-format.ts'
import type { DatasetOfFormQuery } from '../../gql/graphql.ts'
import { datasetsOfForm } from './form-query.ts'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

export type DatasetOfForm = Extract<NonNullable<DatasetOfFormQuery['node']>, { itemCount: number }>

interface Props {
  form: ExperimentFormApi
  /** The chosen one, when it is read. */
  dataset: DatasetOfForm | null
}

export function DatasetChoice({ form, dataset }: Props) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 200)
  const isChosen = dataset !== null && search === labelOf(dataset)
  const [{ data }] = useQuery({ query: datasetsOfForm, variables: { search: isChosen ? null : search || null } })
  const found = data?.datasets?.nodes ?? []
  const listed = dataset && found.every(({ id }) => id !== dataset.id) ? [dataset, ...found] : found
  const versions = dataset?.versions?.nodes ?? []
  return (
    <div className={classes.dataset}>
      <Select
        label="Dataset"
        withAsterisk
        searchable
        placeholder="Choose a dataset"
        nothingFoundMessage="No dataset has this in its name"
        data={listed.map((one) => ({ value: one.id, label: labelOf(one) }))}
        filter={({ options }) => options}
        searchValue={typed}
        onSearchChange={setTyped}
        {...form.getInputProps('datasetId')}
        onChange={(id) => form.setValues({ datasetId: id, datasetVersion: null, itemIds: [], tags: [] })}
      />
      {versions.length > 1 && (
        <Select
          label="Version"
          allowDeselect={false}
          data={[
            { value: '', label: `Current (${dataset?.version})` },
            ...versions
              .filter(({ version }) => version !== dataset?.version)
              .map(({ version, itemCount, createdAt }) => ({
                value: String(version),
                label: `${version} · ${plural(itemCount, 'item')} · ${formatAge(createdAt, Date.now())}`,
              })),
          ]}
          value={form.values.datasetVersion ?? ''}
          error={form.errors.datasetVersion}
          onChange={(version) => form.setFieldValue('datasetVersion', version || null)}
        />
      )}
    </div>
  )
}

function labelOf({ name, itemCount }: { name: string; itemCount: number }): string {
  return `${name} · ${plural(itemCount, 'item')}`
}
