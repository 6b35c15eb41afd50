/** The options of a kind of evaluator. */
import { Checkbox, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { EvaluatorDraft, OptionValue } from './evaluator-draft.ts'
import type { OptionField } from './evaluator-kinds.ts'
import classes from './evaluators-page.module.css'

interface Props {
  fields: readonly OptionField[]
  options: EvaluatorDraft['options']
  problems: Readonly<Record<string, string>>
  onChange: (options: EvaluatorDraft['options']) => void
}

export function OptionFields({ fields, options, problems, onChange }: Props) {
  const isSet = ({ name, value = '' }: OptionField) => (options[name] ?? '') !== value
  const [showsRare, setShowsRare] = useState(() => fields.some((field) => field.isRare && isSet(field)))
  const shown = fields.filter((field) => showsRare || !field.isRare)
  if (fields.length === 0) return null
  return (
    <div className={classes.options}>
      {shown.map((field) => (
        <Option
          key={field.name}
          field={field}
          value={options[field.name] ?? ''}
          problem={problems[field.name]}
          onChange={(value) => onChange({ ...options, [field.name]: value })}
        />
      ))}
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
  onChange: (value: OptionValue) => void
}

function Option({ field, value, problem, onChange }: OptionProps) {
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
          placeholder={'{ "type": "object", "required": ["label"] }'}
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
