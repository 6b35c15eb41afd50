/** A prompt on a model: who serves it, the prompt of its own or a stored one, and how it is called. */
import { NumberInput, SegmentedControl, Stack, Switch } from '@mantine/core'
import type { NewExperimentQuery } from '../../gql/graphql.ts'
import { variablesOf } from '../prompts/editor/item-variables.ts'
import { PromptEditor } from '../prompts/editor/prompt-editor.tsx'
import type { ItemToTry } from '../prompts/preview/use-item-to-try.ts'
import { problemsIn } from './experiment-form.ts'
import { ModelChoice } from './model-choice.tsx'
import classes from './new-experiment.module.css'
import { StoredPrompt } from './stored-prompt.tsx'
import type { ExperimentFormApi } from './use-experiment-form.ts'

interface Props {
  form: ExperimentFormApi
  choices: NewExperimentQuery | undefined
  tried: ItemToTry
  onProvider: () => void
}

export function PromptFields({ form, choices, tried, onProvider }: Props) {
  const { promptFrom, draft, stream, firstTokenSeconds } = form.values
  return (
    <Stack>
      <ModelChoice form={form} choices={choices} onProvider={onProvider} />
      <SegmentedControl
        aria-label="Where the prompt is from"
        className={classes.narrow}
        data={[
          { value: 'OWN', label: 'Write it here' },
          { value: 'STORED', label: 'A stored prompt' },
        ]}
        {...form.getInputProps('promptFrom')}
      />
      {promptFrom === 'OWN' ? (
        <PromptEditor
          draft={draft}
          problems={problemsIn(form.errors, 'draft')}
          variables={variablesOf(tried.item)}
          onChange={(changed) => form.setFieldValue('draft', changed)}
        />
      ) : (
        <StoredPrompt form={form} />
      )}
      <details className={classes.details} open={!stream || firstTokenSeconds !== '' || undefined}>
        <summary>Streaming</summary>
        <div className={classes.fields}>
          <Switch
            label="Stream the answers"
            description="They can be followed while they are written; stalls are noticed."
            checked={stream}
            onChange={(event) => form.setFieldValue('stream', event.currentTarget.checked)}
          />
          {stream && (
            <>
              <NumberInput
                label="Seconds to the first token"
                placeholder="as the timeout"
                min={0.001}
                {...form.getInputProps('firstTokenSeconds')}
              />
              <NumberInput
                label="Seconds between tokens"
                placeholder="60"
                min={0.001}
                {...form.getInputProps('nextTokenSeconds')}
              />
            </>
          )}
        </div>
      </details>
    </Stack>
  )
}
