/** What is tested: an HTTP endpoint that can be tried on an item, or a function of the server's config. */
import { Code, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import type { HttpMethod } from '../../gql/graphql.ts'
import classes from './new-experiment.module.css'
import { TryOut } from './try-out.tsx'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  modules: readonly { name: string; kind: string; description: string | null }[]
  /** An item of the dataset to try the task on. */
  example: { input: unknown; metadata: unknown } | null
}

const methods: HttpMethod[] = ['POST', 'GET', 'PUT', 'PATCH']

export function TaskFields({ form, modules, example }: Props) {
  const { kind, method } = form.values
  const functions = modules.filter((module) => module.kind === 'TASK')
  return (
    <Stack>
      <SegmentedControl
        aria-label="Kind of task"
        data={[
          { value: 'HTTP', label: 'HTTP endpoint' },
          { value: 'FUNCTION', label: 'Function' },
        ]}
        {...form.getInputProps('kind')}
      />
      {kind === 'FUNCTION' ? (
        functions.length === 0 ? (
          <Text c="dimmed" size="sm">
            This server has no functions. Put one into <Code>assay.config.ts</Code> and start the server in its
            directory.
          </Text>
        ) : (
          <Select
            label="Function"
            withAsterisk
            data={functions.map(({ name, description }) => ({
              value: name,
              label: description ? `${name} · ${description}` : name,
            }))}
            {...form.getInputProps('functionName')}
          />
        )
      ) : (
        <>
          <div className={classes.address}>
            <Select label="Method" data={methods} allowDeselect={false} {...form.getInputProps('method')} />
            <TextInput
              label="URL"
              withAsterisk
              placeholder="https://example.com/answer"
              description="{{input.question}} and {{metadata.x}} are replaced by what the item has."
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('url')}
            />
          </div>
          {method !== 'GET' && (
            <Textarea
              label="Body"
              description="JSON with the same placeholders. Empty: the input and the metadata of the item."
              placeholder={'{ "question": "{{input.question}}" }'}
              autosize
              minRows={2}
              maxRows={14}
              classNames={{ input: classes.code }}
              {...form.getInputProps('body')}
            />
          )}
          <Textarea
            label="Headers"
            description="JSON: an object of texts."
            placeholder={'{ "authorization": "Bearer …" }'}
            autosize
            minRows={1}
            maxRows={8}
            classNames={{ input: classes.code }}
            {...form.getInputProps('headers')}
          />
          <div className={classes.fields}>
            <TextInput
              label="Output at"
              description="JSONPath in the response"
              placeholder="all of it"
              {...form.getInputProps('outputPath')}
            />
            <TextInput
              label="Cost at"
              description="JSONPath of US dollars"
              placeholder="unknown"
              {...form.getInputProps('costPath')}
            />
          </div>
          <TryOut form={form} example={example} />
        </>
      )}
    </Stack>
  )
}
