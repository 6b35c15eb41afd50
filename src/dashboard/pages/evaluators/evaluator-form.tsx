/** Creates an evaluator, or changes one: what affects its scores makes a new version. */
import {
  Alert,
  Button,
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { directionWords, newScoreRules, policyWords } from '../../components/score-rules/score-rules.ts'
import { ScoreRulesFields } from '../../components/score-rules/score-rules-fields.tsx'
import { ValueView } from '../../components/value-view.tsx'
import { problemOf } from '../../data/mutate.ts'
import type { Direction, EvaluatorChoicesQuery, EvaluatorFieldsFragment, FailurePolicy } from '../../gql/graphql.ts'
import form from '../new-experiment/new-experiment.module.css'
import type { EvaluatorDraft, Scorer } from './evaluator-draft.ts'
import {
  createInput,
  definitionOf,
  evaluatorFieldOf,
  evaluatorProblems,
  optionProblems,
  updateInput,
} from './evaluator-input.ts'
import { createEvaluator, updateEvaluator } from './evaluator-query.ts'
import { EvaluatorTryOut } from './evaluator-try-out.tsx'
import { OptionFields } from './option-fields.tsx'
import { RareFields } from './rare-fields.tsx'

interface Props {
  /** Null: a new one. */
  evaluator: EvaluatorFieldsFragment | null
  scorer: Scorer
  initial: EvaluatorDraft
  datasets: NonNullable<EvaluatorChoicesQuery['datasets']>['nodes']
  providers: NonNullable<EvaluatorChoicesQuery['providers']>['nodes']
  /** One was added. */
  onProvider: () => void
  /** Id of the run whose outputs it is tried on. */
  runId: string | undefined
  onRun: (id: string | undefined) => void
  onSaved: (evaluator: EvaluatorFieldsFragment) => void
}

export function EvaluatorForm(props: Props) {
  const { evaluator, scorer, initial, datasets, providers, onProvider, runId, onRun, onSaved } = props
  const [draft, setDraft] = useState(initial)
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  const [creating, create] = useMutation(createEvaluator)
  const [updating, update] = useMutation(updateEvaluator)
  const set = (now: Partial<EvaluatorDraft>) => setDraft((before) => ({ ...before, ...now }))
  const fields = scorer && 'kind' in scorer ? scorer.kind.fields : []
  const isFunction = scorer !== null && 'module' in scorer
  const setsDirection = scorer !== null && 'kind' in scorer && scorer.kind.rules === 'DIRECTION'
  const own = new Set([
    'name',
    'description',
    'sampling',
    'failurePolicy',
    'dataType',
    'direction',
    'min',
    'max',
    'categories',
    'onlyIf',
    'callTimeoutMs',
    'maxAttempts',
    ...fields.map(({ name }) => name),
  ])

  async function submit(event: FormEvent) {
    event.preventDefault()
    const found = evaluatorProblems(scorer, draft)
    setProblems(found)
    if (Object.keys(found).length > 0) return
    const result = evaluator
      ? await update({ input: updateInput(scorer, draft, initial, evaluator.id) })
      : await create({ input: createInput(scorer, draft) })
    const refusal = problemOf(result)
    if (refusal) {
      const field = evaluatorFieldOf(refusal.path)
      const isShown = own.has(field) || field.startsWith('parameters.')
      return setProblems({ [isShown ? field : 'all']: refusal.message })
    }
    const [outcome] = Object.values(result.data ?? {}) as { evaluator?: EvaluatorFieldsFragment }[]
    if (outcome?.evaluator) onSaved(outcome.evaluator)
  }

  return (
    <form className={form.form} onSubmit={submit} noValidate>
      <div className={form.parts}>
        <fieldset className={form.card}>
          <legend>How it scores</legend>
          <Stack>
            <TextInput
              label="Name"
              description="Also the name of its scores."
              withAsterisk
              value={draft.name}
              error={problems.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
              data-autofocus
            />
            <OptionFields
              fields={fields}
              options={draft.options}
              problems={problems}
              providers={providers}
              onProvider={onProvider}
              onChange={(options) => set({ options })}
            />
            {scorer === null && evaluator && <ValueView value={evaluator.definition} />}
            <Textarea
              label="Description"
              autosize
              minRows={1}
              maxRows={6}
              value={draft.description}
              onChange={(event) => set({ description: event.currentTarget.value })}
            />
          </Stack>
        </fieldset>
        <fieldset className={form.card}>
          <legend>Where it is used</legend>
          <div className={form.fields}>
            <Switch
              label="Active"
              description="Scores new runs of experiments that name no evaluators."
              checked={draft.active}
              onChange={(event) => set({ active: event.currentTarget.checked })}
            />
            <MultiSelect
              label="Datasets"
              placeholder={draft.datasetIds.length === 0 ? 'all' : undefined}
              searchable
              clearable
              data={[
                ...new Map(
                  [...(evaluator?.datasets ?? []), ...datasets].map(({ id, name }) => [id, { value: id, label: name }]),
                ).values(),
              ]}
              value={draft.datasetIds}
              onChange={(datasetIds) => set({ datasetIds })}
            />
            <NumberInput
              label="Share of the items"
              suffix=" %"
              min={0.01}
              max={100}
              value={draft.sampling}
              error={problems.sampling}
              onChange={(sampling) => set({ sampling })}
            />
            {setsDirection && (
              <Select
                label="Direction"
                description="Decides which differences are better."
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                placeholder="the default of the kind"
                clearable={evaluator === null}
                allowDeselect={evaluator === null}
                data={Object.entries(directionWords).map(([value, label]) => ({ value, label }))}
                value={draft.direction}
                error={problems.direction}
                onChange={(direction) => set({ direction: direction as Direction | null })}
              />
            )}
            {draft.rules === null && (
              <Select
                label="Items without a value"
                description="Such as failed ones."
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                placeholder="the default of the type"
                clearable={evaluator === null}
                allowDeselect={evaluator === null}
                data={Object.entries(policyWords).map(([value, label]) => ({ value, label }))}
                value={draft.failurePolicy}
                error={problems.failurePolicy}
                onChange={(policy) => set({ failurePolicy: policy as FailurePolicy | null })}
              />
            )}
          </div>
          <RareFields draft={draft} problems={problems} onChange={set} />
        </fieldset>
        {(isFunction || draft.rules) && (
          <fieldset className={form.card}>
            <legend>Its scores</legend>
            <Stack>
              {isFunction && evaluator === null && (
                <Checkbox
                  label="Say what its scores are, where the function does not declare it"
                  checked={draft.rules !== null}
                  onChange={(event) => set({ rules: event.currentTarget.checked ? newScoreRules : null })}
                />
              )}
              {draft.rules && (
                <ScoreRulesFields rules={draft.rules} problems={problems} onChange={(rules) => set({ rules })} />
              )}
            </Stack>
          </fieldset>
        )}
        {problems.all && (
          <Alert color="red" title="It was not saved">
            {problems.all}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={creating.fetching || updating.fetching}>
            {evaluator ? 'Save' : 'Create the evaluator'}
          </Button>
        </Group>
      </div>
      <div className={form.aside}>
        <div className={form.card}>
          <h2 className={form.asideTitle}>Try it</h2>
          <EvaluatorTryOut
            subject={() => {
              const found = optionProblems(scorer, draft.options)
              setProblems(found)
              if (Object.keys(found).length > 0) return null
              const definition = definitionOf(scorer, draft)
              return definition ? { definition } : evaluator && { id: evaluator.id }
            }}
            runId={runId}
            onRun={onRun}
          />
        </div>
      </div>
    </form>
  )
}
