/** An HTTP endpoint: how it is called, and where its answer has what. */
import { Select, Textarea, TextInput } from '@mantine/core'
import type { HttpMethod } from '../../gql/graphql.ts'
import type { ItemToTry } from '../prompts/preview/use-item-to-try.ts'
import classes from './new-experiment.module.css'
import { TryOut } from './try-out.tsx'
import type { ExperimentFormApi } from './use-experiment-form.ts'

const methods: HttpMethod[] = ['POST', 'GET', 'PUT', 'PATCH']

export function HttpFields({ form, tried }: { form: ExperimentFormApi; tried: ItemToTry }) {
  const { method, headers } = form.values
  return (
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
        description={
          headers.includes('"********"')
            ? 'Values that carry credentials are not shown: write them again in place of ********.'
            : 'JSON: an object of texts.'
        }
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
        <TextInput
          label="Input tokens at"
          description="JSONPath of a number"
          placeholder="unknown"
          {...form.getInputProps('inputTokensPath')}
        />
        <TextInput
          label="Output tokens at"
          description="JSONPath of a number"
          placeholder="unknown"
          {...form.getInputProps('outputTokensPath')}
        />
      </div>
      <TryOut form={form} tried={tried} />
    </>
  )
}
