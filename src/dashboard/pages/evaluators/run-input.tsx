/** A run of the project, by its name. */
import { Select } from '@mantine/core'
import { useQuery } from 'urql'
import { formatAge } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { runsToTry } from './evaluator-query.ts'

interface Props {
  label: string
  error: string | undefined
  withAsterisk: boolean | undefined
  value: string
  onChange: (id: string) => void
}

export function RunInput({ value, onChange, ...input }: Props) {
  const [{ data }] = useQuery({ query: runsToTry })
  const runs = (data?.runs?.nodes ?? []).map(({ id, name, createdAt, dataset }) => ({
    value: id,
    label: `${titleOfRun(name)} · ${dataset.name} · ${formatAge(createdAt, Date.now())}`,
  }))
  const isOld = value !== '' && !runs.some((run) => run.value === value)
  return (
    <Select
      {...input}
      searchable
      allowDeselect={false}
      placeholder="Choose a run"
      data={isOld ? [...runs, { value, label: 'An earlier run' }] : runs}
      value={value === '' ? null : value}
      onChange={(id) => onChange(id ?? '')}
    />
  )
}
