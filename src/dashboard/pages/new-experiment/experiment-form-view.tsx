/** The form: what is tested, on what, how it is scored, and how it runs. Creating it starts the run and shows it. */
import { Stack, Textarea, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { problemOf } from '../../data/mutate.ts'
import { startRunOf } from '../experiments/start-run.ts'
import { parametersOf } from '../prompts/editor/prompt-draft.ts'
import { PromptPreview } from '../prompts/preview/prompt-preview.tsx'
import { useItemToTry } from '../prompts/preview/use-item-to-try.ts'
import { DatasetChoice, type DatasetOfForm } from './dataset-choice.tsx'
import { EvaluatorChoice } from './evaluator-choice.tsx'
import type { ExperimentForm } from './experiment-form.ts'
import { experimentOf, fieldOf, promptOf, runOf } from './experiment-input.ts'
import { createExperiment, datasetOfForm, formQuery } from './form-query.ts'
import classes from './new-experiment.module.css'
import { RunFields } from './run-fields.tsx'
import { RunSummary } from './run-summary.tsx'
import { TaskFields } from './task-fields.tsx'
import { useExperimentForm } from './use-experiment-form.ts'

interface Props {
  initial: ExperimentForm
  /** Whether the evaluators are those of what is copied; else the active ones are ticked. */
  copied: boolean
}

export function ExperimentFormView({ initial, copied }: Props) {
  const form = useExperimentForm(initial)
  const { values } = form
  const navigate = useNavigate()
  const [choices, rereadChoices] = useQuery({ query: formQuery })
  const [chosen] = useQuery({
    query: datasetOfForm,
    variables: { id: values.datasetId ?? '' },
    pause: values.datasetId === null,
  })
  const [creating, create] = useMutation(createExperiment)
  const [starting, startRun] = useMutation(startRunOf)
  const [problem, setProblem] = useState<string | null>(null)
  const created = useRef<{ id: string; of: string } | null>(null)
  const tried = useItemToTry(values.datasetId)

  const node = values.datasetId === null ? null : chosen.data?.node
  const dataset = node && 'itemCount' in node ? (node as DatasetOfForm) : null
  const evaluators = dataset ? (chosen.data?.evaluators?.nodes ?? []) : []
  const baselineId = values.compareWith ?? dataset?.baseline?.run.id ?? null

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
    const input = experimentOf(values)
    // Only the start was refused: the experiment is there, unless it is another one now.
    if (created.current?.of !== JSON.stringify(input)) {
      const result = await create({ input })
      if (refuse(problemOf(result))) return
      const outcome = result.data?.createExperiment
      if (!outcome || !('experiment' in outcome)) return
      created.current = { id: outcome.experiment.id, of: JSON.stringify(input) }
    }
    const result = await startRun({ input: runOf(values, created.current.id, baselineId) })
    if (refuse(problemOf(result), 'The experiment was created, but its run did not start: ')) return
    const outcome = result.data?.startRun
    if (!outcome || !('run' in outcome)) return
    const search = values.compareWith === null ? {} : { baseline: values.compareWith }
    await navigate({ to: '/runs/$runId', params: { runId: outcome.run.id }, search })
  }

  /** Shows what was refused beside its field, or above the button. */
  function refuse(refusal: ReturnType<typeof problemOf>, prefix = ''): boolean {
    if (!refusal) return false
    const field = fieldOf(refusal.path, values)
    if (field) form.setFieldError(field, refusal.message)
    setProblem(`${prefix}${refusal.message}`)
    return true
  }

  const isPrompt = values.kind === 'PROMPT'
  return (
    <form
      className={classes.form}
      onSubmit={form.onSubmit(submit, () => setProblem('Some fields need another value; they say which.'))}
      noValidate
    >
      <div className={classes.parts}>
        <fieldset className={classes.card}>
          <legend>Experiment</legend>
          <Stack>
            <TextInput label="Name" withAsterisk {...form.getInputProps('name')} data-autofocus />
            <Textarea label="Description" autosize minRows={1} maxRows={6} {...form.getInputProps('description')} />
            <DatasetChoice form={form} dataset={dataset} />
          </Stack>
        </fieldset>
        <fieldset className={classes.card}>
          <legend>What is tested</legend>
          <TaskFields
            form={form}
            choices={choices.data}
            tried={tried}
            onProvider={() => rereadChoices({ requestPolicy: 'network-only' })}
          />
        </fieldset>
        <fieldset className={classes.card}>
          <legend>Evaluators</legend>
          <EvaluatorChoice form={form} evaluators={evaluators} />
        </fieldset>
        <fieldset className={classes.card}>
          <legend>How it runs</legend>
          <RunFields form={form} dataset={dataset} baselineId={baselineId} />
        </fieldset>
      </div>
      <div className={classes.aside}>
        {isPrompt && (
          <div className={classes.card}>
            <h2 className={classes.asideTitle}>Preview</h2>
            <PromptPreview
              prompt={promptOf(values)}
              tried={tried}
              call={callOf(values)}
              withoutItem={
                values.datasetId === null
                  ? 'Choose a dataset to see the prompt with one of its items.'
                  : 'The dataset has no items yet.'
              }
            />
          </div>
        )}
        <div className={classes.card}>
          <RunSummary
            form={values}
            dataset={dataset}
            baselineId={baselineId}
            onUse={(items, repetitions) =>
              form.setValues({ sample: items < (dataset?.itemCount ?? 0) ? items : '', repetitions })
            }
            problem={problem}
            isBusy={creating.fetching || starting.fetching}
          />
        </div>
      </div>
    </form>
  )
}

function callOf({ provider, model, promptFrom, overrides }: ExperimentForm) {
  if (provider === null || model.trim() === '') return null
  const parameters = promptFrom === 'STORED' ? parametersOf(overrides) : null
  return { provider, model: model.trim(), parameters }
}
