/** How a run executes: how often, how fast, on which items, and when it stops. */
import { Button, MultiSelect, NumberInput, Select, Switch, Text } from '@mantine/core'
import { useQuery } from 'urql'
import { formatAge, plural } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import type { DatasetOfForm } from './dataset-choice.tsx'
import { baselineOfForm } from './form-query.ts'
import classes from './new-experiment.module.css'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  dataset: DatasetOfForm | null
  /** Id of the run that the new one is compared with; null: there is none. */
  baselineId: string | null
}

export function RunFields({ form, dataset, baselineId }: Props) {
  const { itemIds, tags, cache } = form.values
  return (
    <>
      <div className={classes.fields}>
        <NumberInput label="Repetitions of every item" min={1} max={100} {...form.getInputProps('repetitions')} />
        <NumberInput label="Concurrent calls" min={1} max={1_000} {...form.getInputProps('concurrency')} />
        <NumberInput label="Timeout in seconds" min={0.001} {...form.getInputProps('timeoutSeconds')} />
        <NumberInput label="Attempts per item" min={1} max={20} {...form.getInputProps('maxAttempts')} />
        <NumberInput label="Budget in US dollars" placeholder="no limit" min={0} {...form.getInputProps('budgetUsd')} />
        <NumberInput
          label="Stop when more failed than"
          placeholder="never"
          suffix=" %"
          min={0}
          max={100}
          {...form.getInputProps('maxFailurePercent')}
        />
        <NumberInput
          label="Only a random sample of"
          placeholder="every item"
          min={1}
          suffix=" items"
          {...form.getInputProps('sample')}
        />
        <MultiSelect
          label="Only items with all of these tags"
          placeholder={tags.length === 0 ? 'any' : undefined}
          searchable
          data={[...new Set([...tags, ...(dataset?.tags ?? []).map(({ tag }) => tag)])]}
          nothingFoundMessage="No item has this tag"
          {...form.getInputProps('tags')}
        />
        <Switch
          label="Reuse answers"
          description="Of the same task, input and repetition."
          className={classes.switch}
          checked={cache}
          onChange={(event) => form.setFieldValue('cache', event.currentTarget.checked)}
        />
      </div>
      {itemIds.length > 0 && (
        <div className={classes.tryOut}>
          <Text size="sm" span>
            Only the {plural(itemIds.length, 'item')} of the run that this one is made from.
          </Text>{' '}
          <Button size="compact-sm" variant="subtle" onClick={() => form.setFieldValue('itemIds', [])}>
            Take all items
          </Button>
        </div>
      )}
      <Baseline form={form} dataset={dataset} baselineId={baselineId} />
    </>
  )
}

function Baseline({ form, dataset, baselineId }: Props) {
  const { compareWith, stopScore } = form.values
  const [{ data }] = useQuery({
    query: baselineOfForm,
    variables: { id: baselineId ?? '' },
    pause: baselineId === null,
  })
  const chosen = baselineId !== null && data?.node && 'stats' in data.node ? data.node : null
  const runs = dataset?.runs?.nodes ?? []
  if (runs.length === 0 && chosen === null) return null
  const approved = dataset?.baseline?.run.id
  const listed = chosen && runs.every(({ id }) => id !== chosen.id) ? [chosen, ...runs] : runs
  const scores = (chosen?.stats.scores ?? []).filter(({ dataType }) => dataType === 'BOOLEAN' || dataType === 'NUMERIC')
  return (
    <div className={classes.baseline}>
      <Select
        label="Compare with"
        description={approved === undefined ? 'No run is approved as the baseline yet.' : undefined}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="No run"
        clearable={compareWith !== null}
        searchable
        data={listed.map((run) => ({
          value: run.id,
          label: `${titleOfRun(run.name)}${run.id === approved ? ' · the baseline' : ''}${'createdAt' in run ? ` · ${formatAge(run.createdAt, Date.now())}` : ''}`,
        }))}
        value={baselineId}
        onChange={(id) => form.setValues({ compareWith: id, stopScore: '' })}
      />
      {scores.length > 0 && (
        <Select
          label="Stop as soon as it is decided"
          description="By which score. The verdict is valid although you look all the time."
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          placeholder="Run to the end"
          clearable
          data={[...new Set(scores.map(({ name }) => name))]}
          value={stopScore || null}
          onChange={(name) => form.setFieldValue('stopScore', name ?? '')}
          error={form.errors.stopScore}
        />
      )}
      {stopScore !== '' && (
        <NumberInput label="Also when not worse by" placeholder="0" min={0} {...form.getInputProps('stopMargin')} />
      )}
    </div>
  )
}
