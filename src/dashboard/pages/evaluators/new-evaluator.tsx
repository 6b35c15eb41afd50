/** The form for an evaluator, with a try-out on an output of one's own. */
import { Alert, Button, Group, Modal, NumberInput, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { IconBolt } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { writeScore } from '../../components/score-value.ts'
import { problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { EvaluatorDefinitionInput, PreviewNewEvaluatorMutation } from '../../gql/graphql.ts'
import { type EvaluatorFields, emptyFields, evaluatorKinds } from './evaluator-kinds.ts'
import classes from './evaluators-page.module.css'

const createEvaluator = graphql(`
  mutation CreateEvaluatorOfForm($input: CreateEvaluatorInput!) {
    createEvaluator(input: $input) {
      ... on CreateEvaluatorPayload { evaluator { id } }
      ... on UserError { message path }
    }
  }
`)

const previewEvaluator = graphql(`
  mutation PreviewNewEvaluator($input: PreviewEvaluatorInput!) {
    previewEvaluator(input: $input) {
      ... on PreviewEvaluatorPayload { evaluations { name dataType value label comment } error { message } }
      ... on UserError { message path }
    }
  }
`)

interface Props {
  opened: boolean
  /** Of the server's config. */
  functions: readonly { name: string; description: string | null }[]
  onClose: () => void
  onCreated: () => void
}

export function NewEvaluator({ opened, functions, onClose, onCreated }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="New evaluator" size="lg">
      <Form functions={functions} onClose={onClose} onCreated={onCreated} />
    </Modal>
  )
}

const functionPrefix = 'function '

function Form({ functions, onClose, onCreated }: Omit<Props, 'opened'>) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [kind, setKind] = useState('exactMatch')
  const [fields, setFields] = useState(emptyFields)
  const [problem, setProblem] = useState<string | null>(null)
  const [creating, create] = useMutation(createEvaluator)
  const known = evaluatorKinds.find(({ value }) => value === kind)
  const set = (now: Partial<EvaluatorFields>) => setFields((before) => ({ ...before, ...now }))

  /** Null, and says so, if a field is no JSON. */
  function definition(): EvaluatorDefinitionInput | null {
    setProblem(null)
    if (!known) return { module: { name: kind.slice(functionPrefix.length) } }
    try {
      return { builtin: known.make(fields) }
    } catch (error) {
      setProblem(`The schema is no JSON: ${(error as Error).message}`)
      return null
    }
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    const how = definition()
    if (!how) return
    const input = { name: name.trim(), datasetIds: null, description: description.trim() || null, definition: how }
    const refusal = problemOf(await create({ input }))
    if (refusal) return setProblem(refusal.message)
    onCreated()
    onClose()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="Also the name of its scores."
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <Select
          label="How it scores"
          description={known?.help ?? 'A function of the server’s config.'}
          allowDeselect={false}
          searchable
          value={kind}
          onChange={(chosen) => chosen && setKind(chosen)}
          data={[
            { group: 'Comes with Assay', items: evaluatorKinds.map(({ value, label }) => ({ value, label })) },
            {
              group: 'Functions',
              items: functions.map(({ name }) => ({ value: `${functionPrefix}${name}`, label: name })),
            },
          ]}
        />
        {known?.fields.includes('text') && (
          <TextInput label="Text" value={fields.text} onChange={(event) => set({ text: event.currentTarget.value })} />
        )}
        {known?.fields.includes('pattern') && (
          <TextInput
            label="Pattern"
            required
            classNames={{ input: classes.code }}
            value={fields.pattern}
            onChange={(event) => set({ pattern: event.currentTarget.value })}
          />
        )}
        {known?.fields.includes('schema') && (
          <Textarea
            label="JSON Schema"
            required
            autosize
            minRows={4}
            maxRows={16}
            classNames={{ input: classes.code }}
            value={fields.schema}
            onChange={(event) => set({ schema: event.currentTarget.value })}
          />
        )}
        {known?.fields.includes('max') && (
          <NumberInput
            label={kind === 'latency' ? 'Milliseconds' : 'US dollars'}
            required
            min={0}
            value={fields.max}
            onChange={(max) => set({ max })}
          />
        )}
        {known?.fields.includes('outputPath') && (
          <TextInput
            label="Part of the output"
            description="JSONPath, such as $.answer; empty: all of it."
            classNames={{ input: classes.code }}
            value={fields.outputPath}
            onChange={(event) => set({ outputPath: event.currentTarget.value })}
          />
        )}
        <Textarea
          label="Description"
          autosize
          minRows={1}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TryOut definition={definition} />
        {problem !== null && <Alert color="red">{problem}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={creating.fetching}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

type Preview = Extract<PreviewNewEvaluatorMutation['previewEvaluator'], { evaluations: unknown }>

/** Texts that are JSON are taken as such. */
function TryOut({ definition }: { definition: () => EvaluatorDefinitionInput | null }) {
  const [output, setOutput] = useState('')
  const [expected, setExpected] = useState('')
  const [shown, setShown] = useState<Preview | string | null>(null)
  const [trying, preview] = useMutation(previewEvaluator)

  async function tryOut() {
    const how = definition()
    if (!how) return
    const result = await preview({
      input: { definition: how, output: parsed(output), expectedOutput: parsed(expected) },
    })
    const outcome = result.data?.previewEvaluator
    setShown(problemOf(result)?.message ?? (outcome && 'evaluations' in outcome ? outcome : null))
  }

  return (
    <div className={classes.tryOut}>
      <Group grow align="flex-start">
        <Textarea
          label="Output to try"
          autosize
          minRows={1}
          value={output}
          onChange={(event) => setOutput(event.currentTarget.value)}
        />
        <Textarea
          label="Expected output"
          autosize
          minRows={1}
          value={expected}
          onChange={(event) => setExpected(event.currentTarget.value)}
        />
      </Group>
      <Group mt="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconBolt size={15} aria-hidden />}
          loading={trying.fetching}
          onClick={tryOut}
        >
          Try it
        </Button>
        <Text size="sm" role="status">
          {typeof shown === 'string' && shown}
          {shown && typeof shown !== 'string' && (shown.error?.message ?? describe(shown))}
        </Text>
      </Group>
    </div>
  )
}

function describe({ evaluations }: Preview): string {
  if (evaluations.length === 0) return 'It gives no score here.'
  return evaluations
    .map(
      ({ dataType, value, label, comment }) => `${writeScore(dataType, value, label)}${comment ? `: ${comment}` : ''}`,
    )
    .join(', ')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
