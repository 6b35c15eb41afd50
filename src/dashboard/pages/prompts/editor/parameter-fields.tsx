/** Parameters of a model; what is left empty has the default of the provider. */
import { NumberInput, Select, TagsInput, Textarea } from '@mantine/core'
import type { DraftProblems, ParametersDraft } from './prompt-draft.ts'
import classes from './prompt-editor.module.css'

interface Props {
  parameters: ParametersDraft
  problems: DraftProblems
  onChange: (parameters: ParametersDraft) => void
  /** Shown in empty fields. */
  placeholder?: string
}

const efforts = ['none', 'minimal', 'low', 'medium', 'high']

export function ParameterFields({ parameters, problems, onChange, placeholder = 'default' }: Props) {
  const set = (now: Partial<ParametersDraft>) => onChange({ ...parameters, ...now })
  const number = (name: keyof ParametersDraft & string, label: string) => ({
    label,
    placeholder,
    value: parameters[name] as number | string,
    error: problems[`parameters.${name}`],
    onChange: (value: number | string) => set({ [name]: value }),
  })
  return (
    <div className={classes.parameters}>
      <NumberInput {...number('temperature', 'Temperature')} min={0} max={2} step={0.1} />
      <NumberInput {...number('maxOutputTokens', 'Output tokens at most')} min={1} allowDecimal={false} />
      <Select
        label="Reasoning effort"
        placeholder={placeholder}
        clearable
        data={
          efforts.includes(parameters.reasoningEffort) || !parameters.reasoningEffort
            ? efforts
            : [...efforts, parameters.reasoningEffort]
        }
        value={parameters.reasoningEffort || null}
        error={problems['parameters.reasoningEffort']}
        onChange={(effort) => set({ reasoningEffort: effort ?? '' })}
      />
      <NumberInput {...number('seed', 'Seed')} allowDecimal={false} />
      <NumberInput {...number('topP', 'Top p')} min={0} max={1} step={0.05} />
      <NumberInput {...number('topK', 'Top k')} min={1} allowDecimal={false} />
      <NumberInput {...number('presencePenalty', 'Presence penalty')} min={-2} max={2} step={0.1} />
      <NumberInput {...number('frequencyPenalty', 'Frequency penalty')} min={-2} max={2} step={0.1} />
      <TagsInput
        label="Stop at"
        placeholder={parameters.stopSequences.length === 0 ? placeholder : undefined}
        maxTags={16}
        value={parameters.stopSequences}
        error={problems['parameters.stopSequences']}
        onChange={(stopSequences) => set({ stopSequences })}
      />
      <Textarea
        label="Options of the provider"
        placeholder={'{ "openai": { "user": "assay" } }'}
        autosize
        minRows={1}
        maxRows={10}
        classNames={{ input: classes.code }}
        className={classes.wide}
        spellCheck={false}
        value={parameters.providerOptions}
        error={problems['parameters.providerOptions']}
        onChange={(event) => set({ providerOptions: event.currentTarget.value })}
      />
    </div>
  )
}
