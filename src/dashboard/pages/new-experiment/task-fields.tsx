/** What is tested: a prompt on a model, an HTTP endpoint, or a function of the server's config. */
import { Code, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import type { NewExperimentQuery } from '../../gql/graphql.ts'
import type { ItemToTry } from '../prompts/preview/use-item-to-try.ts'
import { HttpFields } from './http-fields.tsx'
import { PromptFields } from './prompt-fields.tsx'
import { TryOut } from './try-out.tsx'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  choices: NewExperimentQuery | undefined
  /** An item of the dataset to try the task on. */
  tried: ItemToTry
  /** Reads again which providers there are. */
  onProvider: () => void
}

export function TaskFields({ form, choices, tried, onProvider }: Props) {
  const { kind } = form.values
  return (
    <Stack>
      <SegmentedControl
        aria-label="Kind of task"
        data={[
          { value: 'PROMPT', label: 'Prompt' },
          { value: 'HTTP', label: 'HTTP endpoint' },
          { value: 'FUNCTION', label: 'Function' },
        ]}
        {...form.getInputProps('kind')}
      />
      {kind === 'PROMPT' && <PromptFields form={form} choices={choices} tried={tried} onProvider={onProvider} />}
      {kind === 'HTTP' && <HttpFields form={form} tried={tried} />}
      {kind === 'FUNCTION' && <FunctionFields form={form} modules={choices?.modules ?? []} tried={tried} />}
    </Stack>
  )
}

interface FunctionProps {
  form: ExperimentFormApi
  modules: NewExperimentQuery['modules']
  tried: ItemToTry
}

function FunctionFields({ form, modules, tried }: FunctionProps) {
  const functions = modules.filter((module) => module.kind === 'TASK')
  if (functions.length === 0) {
    return (
      <Text c="dimmed" size="sm">
        This server has no functions. Put one into <Code>assay.config.ts</Code> and start the server in its directory.
      </Text>
    )
  }
  return (
    <>
      <Select
        label="Function"
        withAsterisk
        data={functions.map(({ name, description }) => ({
          value: name,
          label: description ? `${name} · ${description}` : name,
        }))}
        {...form.getInputProps('functionName')}
      />
      <TryOut form={form} tried={tried} />
    </>
  )
}
