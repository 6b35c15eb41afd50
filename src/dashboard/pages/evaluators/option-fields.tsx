/** The options of a kind of evaluator. */
import { Checkbox, NumberInput, Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { ModelInput } from '../settings/providers/model-input.tsx'
import { CodeInput } from './code-input.tsx'
import type { EvaluatorDraft } from './evaluator-draft.ts'
import type { OptionField, OptionValue } from './evaluator-kind.ts'
import classes from './evaluators-page.module.css'
import { ProviderInput } from './provider-input.tsx'
import { RunInput } from './run-input.tsx'
import { isStructured, StructuredOption } from './structured-options.tsx'

interface Props {
  fields: readonly OptionField[]
  options: EvaluatorDraft['options']
  problems: Readonly<Record<string, string>>
  /** Those that have models. */
  providers: readonly { id: string; name: string }[]
  /** One was added. */
  onProvider: () => void
  onChange: (options: EvaluatorDraft['options']) => void
}

export function OptionFields({ fields, options, problems, providers, onProvider, onChange }: Props) {
  const isSet = ({ name, value = '' }: OptionField) => JSON.stringify(options[name] ?? '') !== JSON.stringify(value)
  const providerId = providers.find(({ name }) => name === options.provider)?.id ?? null
  const [showsRare, setShowsRare] = useState(() => fields.some((field) => field.isRare && isSet(field)))
  const shown = fields.filter(
    (field) => field.type !== 'HIDDEN' && (showsRare || !field.isRare || field.name in problems),
  )
  if (fields.length === 0) return null
  return (
    <div className={classes.options}>
      {shown.map((field) => {
        const value = options[field.name] ?? ''
        const set = (now: OptionValue) => onChange({ ...options, [field.name]: now })
        return isStructured(field) ? (
          <StructuredOption key={field.name} field={field} value={value} problems={problems} onChange={set} />
        ) : (
          <Option
            key={field.name}
            field={field}
            value={value}
            problem={problems[field.name]}
            providers={providers}
            providerId={providerId}
            onProvider={onProvider}
            onChange={set}
          />
        )
      })}
      {shown.length < fields.length && (
        <button type="button" className={classes.more} onClick={() => setShowsRare(true)}>
          More options
        </button>
      )}
    </div>
  )
}

interface OptionProps {
  field: OptionField
  value: OptionValue
  problem: string | undefined
  providers: Props['providers']
  /** Of the one that is chosen. */
  providerId: string | null
  onProvider: () => void
  onChange: (value: OptionValue) => void
}

function Option({ field, value, problem, providers, providerId, onProvider, onChange }: OptionProps) {
  const { label, help, placeholder, isRequired } = field
  const common = { label, description: help, error: problem, withAsterisk: isRequired }
  const order = ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[]
  switch (field.type) {
    case 'YES_NO':
      return (
        <Checkbox
          label={label}
          className={classes.check}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      )
    case 'NUMBER':
      return (
        <NumberInput
          {...common}
          inputWrapperOrder={order}
          placeholder={placeholder}
          min={0}
          value={value as number | string}
          onChange={onChange}
        />
      )
    case 'CHOICE':
      return (
        <Select
          {...common}
          inputWrapperOrder={order}
          allowDeselect={false}
          data={[...(field.choices ?? [])]}
          value={String(value)}
          onChange={(chosen) => onChange(chosen ?? '')}
        />
      )
    case 'PROVIDER':
      return (
        <ProviderInput
          {...common}
          providers={providers}
          value={String(value)}
          onChange={onChange}
          onAdded={onProvider}
        />
      )
    case 'MODEL':
      return <ModelInput providerId={providerId} value={String(value)} error={problem} onChange={onChange} />
    case 'RUN':
      return <RunInput {...common} value={String(value)} onChange={onChange} />
    case 'LIST':
      return (
        <TagsInput
          {...common}
          inputWrapperOrder={order}
          placeholder="Name, Enter"
          value={[...(value as readonly string[])]}
          onChange={onChange}
        />
      )
    case 'CODE':
      return (
        <CodeInput
          label={label}
          help={help}
          error={problem}
          isRequired={isRequired ?? false}
          value={String(value)}
          onChange={onChange}
        />
      )
    case 'JSON':
      return (
        <Textarea
          {...common}
          className={classes.wide}
          classNames={{ input: classes.code }}
          autosize
          minRows={5}
          maxRows={24}
          spellCheck={false}
          inputWrapperOrder={order}
          placeholder={placeholder ?? '{ "type": "object", "required": ["label"] }'}
          value={String(value)}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    default:
      return (
        <TextInput
          {...common}
          inputWrapperOrder={order}
          classNames={field.type === 'PATTERN' ? { input: classes.code } : undefined}
          placeholder={placeholder}
          spellCheck={false}
          value={String(value)}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
  }
}
