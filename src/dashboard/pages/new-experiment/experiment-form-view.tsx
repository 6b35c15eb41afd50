/** The form: what is tested, on what, how it is scored, and how it runs. Creating it starts the run and shows it. */
import {
  Alert,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { formatCount, plural } from '../../components/number-format.ts'
import { problemOf } from '../../data/mutate.ts'
import { startRunOf } from '../experiments/start-run.ts'
import { type ExperimentForm, earlyStopOf, experimentOf, fieldOf, subsetOf } from './experiment-form.ts'
import { createExperiment, datasetOfForm, formQuery } from './form-query.ts'
import classes from './new-experiment.module.css'
import { TaskFields } from './task-fields.tsx'
import { type ExperimentFormApi, useExperimentForm } from './use-experiment-form.ts'

interface Props {
  initial: ExperimentForm
  /** Whether the evaluators are those of the copied experiment; else the active ones are ticked. */
  copied: boolean
}

export function ExperimentFormView({ initial, copied }: Props) {
  const form = useExperimentForm(initial)
  const { values } = form
  const navigate = useNavigate()
  const [choices] = useQuery({ query: formQuery })
  const [chosen] = useQuery({
    query: datasetOfForm,
    variables: { id: values.datasetId ?? '' },
    pause: values.datasetId === null,
  })
  const [creating, create] = useMutation(createExperiment)
  const [starting, startRun] = useMutation(startRunOf)
  const [problem, setProblem] = useState<string | null>(null)
  const created = useRef<string | null>(null)

  const dataset = chosen.data?.node && 'itemCount' in chosen.data.node ? chosen.data.node : null
  const evaluators = chosen.data?.evaluators?.nodes ?? []
  const baseline = dataset?.baseline ?? null
  const bounded = (baseline?.run.stats.scores ?? []).filter(
    ({ dataType }) => dataType === 'BOOLEAN' || dataType === 'NUMERIC',
  )

  const active = evaluators.filter((evaluator) => evaluator.active).map(({ id }) => id)
  const ticked = useRef<string | null>(copied ? values.datasetId : null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for every dataset, when its evaluators are known
  useEffect(() => {
    if (!dataset || ticked.current === dataset.id) return
    ticked.current = dataset.id
    form.setFieldValue('evaluatorIds', active)
  }, [dataset?.id, active.length])

  async function submit() {
    setProblem(null)
    if (created.current === null) {
      const result = await create({ input: experimentOf(values) })
      if (refuse(problemOf(result))) return
      const outcome = result.data?.createExperiment
      created.current = outcome && 'experiment' in outcome ? outcome.experiment.id : null
    }
    const result = await startRun({
      input: {
        experimentId: created.current ?? '',
        subset: subsetOf(values),
        earlyStop: earlyStopOf(values, baseline?.run.id ?? null),
      },
    })
    if (refuse(problemOf(result), 'The experiment was created, but its run did not start: ')) return
    const outcome = result.data?.startRun
    if (outcome && 'run' in outcome) await navigate({ to: '/runs/$runId', params: { runId: outcome.run.id } })
  }

  /** Shows what was refused beside its field, or above the button. */
  function refuse(refusal: ReturnType<typeof problemOf>, prefix = ''): boolean {
    if (!refusal) return false
    const field = fieldOf(refusal.path)
    if (field) form.setFieldError(field, refusal.message)
    setProblem(`${prefix}${refusal.message}`)
    return true
  }

  const items =
    typeof values.sample === 'number' ? Math.min(values.sample, dataset?.itemCount ?? 0) : (dataset?.itemCount ?? 0)
  const calls = items * (typeof values.repetitions === 'number' ? values.repetitions : 1)
  return (
    <form className={classes.form} onSubmit={form.onSubmit(submit)} noValidate>
      <fieldset className={classes.card}>
        <legend>Experiment</legend>
        <Stack>
          <TextInput label="Name" withAsterisk {...form.getInputProps('name')} data-autofocus />
          <Textarea label="Description" autosize minRows={1} maxRows={6} {...form.getInputProps('description')} />
          <Select
            label="Dataset"
            withAsterisk
            searchable
            placeholder="Choose a dataset"
            data={(choices.data?.datasets?.nodes ?? []).map(({ id, name, itemCount }) => ({
              value: id,
              label: `${name} · ${plural(itemCount, 'item')}`,
            }))}
            {...form.getInputProps('datasetId')}
          />
        </Stack>
      </fieldset>

      <fieldset className={classes.card}>
        <legend>What is tested</legend>
        <TaskFields form={form} modules={choices.data?.modules ?? []} example={dataset?.items?.nodes[0] ?? null} />
      </fieldset>

      <fieldset className={classes.card}>
        <legend>Evaluators</legend>
        {values.datasetId === null ? (
          <Text c="dimmed" size="sm">
            Choose a dataset first.
          </Text>
        ) : evaluators.length === 0 ? (
          <Text c="dimmed" size="sm">
            There is no evaluator for this dataset yet. The run records outputs, latency and cost; people can score
            them.
          </Text>
        ) : (
          <Checkbox.Group {...form.getInputProps('evaluatorIds')}>
            <div className={classes.evaluators}>
              {evaluators.map(({ id, name, description }) => (
                <Checkbox key={id} value={id} label={name} description={description} />
              ))}
            </div>
          </Checkbox.Group>
        )}
      </fieldset>

      <fieldset className={classes.card}>
        <legend>How it runs</legend>
        <div className={classes.fields}>
          <NumberInput label="Repetitions of every item" min={1} max={100} {...form.getInputProps('repetitions')} />
          <NumberInput label="Concurrent calls" min={1} max={1_000} {...form.getInputProps('concurrency')} />
          <NumberInput label="Timeout in seconds" min={0.001} {...form.getInputProps('timeoutSeconds')} />
          <NumberInput label="Attempts per item" min={1} max={20} {...form.getInputProps('maxAttempts')} />
          <NumberInput
            label="Budget in US dollars"
            placeholder="no limit"
            min={0}
            {...form.getInputProps('budgetUsd')}
          />
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
          <TagsOf form={form} />
        </div>
        {baseline && bounded.length > 0 && (
          <Group mt="md" align="flex-end">
            <Select
              label="Stop as soon as it is decided against the baseline"
              description={`By which score; the baseline is ${baseline.run.name}.`}
              placeholder="Run to the end"
              clearable
              data={bounded.map(({ name }) => name)}
              value={values.stopScore || null}
              onChange={(name) => form.setFieldValue('stopScore', name ?? '')}
              error={form.errors.stopScore}
              w={380}
            />
            {values.stopScore !== '' && (
              <NumberInput
                label="Also when not worse by"
                placeholder="0"
                min={0}
                w={170}
                {...form.getInputProps('stopMargin')}
              />
            )}
          </Group>
        )}
      </fieldset>

      {problem !== null && (
        <Alert color="red" title="It could not be started">
          {problem}
        </Alert>
      )}
      <Group justify="space-between">
        <Text c="dimmed" size="sm">
          {dataset
            ? `${formatCount(calls)} calls of the task: ${plural(items, 'item')} × ${values.repetitions || 1}.`
            : ''}
        </Text>
        <Button
          type="submit"
          size="md"
          leftSection={<IconPlayerPlay size={17} aria-hidden />}
          loading={creating.fetching || starting.fetching}
        >
          Create and start
        </Button>
      </Group>
    </form>
  )
}

function TagsOf({ form }: { form: ExperimentFormApi }) {
  const [typed, setTyped] = useState('')
  const { tags } = form.values
  return (
    <MultiSelect
      label="Only items with all of these tags"
      placeholder={tags.length === 0 ? 'any' : undefined}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      data={[...new Set([...tags, ...(typed.trim() ? [typed.trim()] : [])])]}
      value={tags}
      onChange={(chosen) => {
        form.setFieldValue('tags', chosen)
        setTyped('')
      }}
      error={form.errors.tags}
    />
  )
}
