/** Options that have parts: what a judge is told and may answer, names of data, parameters of models, scores with weights. */
import { ActionIcon, Button, Input, NumberInput, SegmentedControl, Text, Textarea, TextInput } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { ParameterFields } from '../prompts/editor/parameter-fields.tsx'
import { draftedParameters } from './evaluator-draft.ts'
import type { OptionField, OptionValue } from './evaluator-kind.ts'
import classes from './evaluators-page.module.css'
import { type Column, labelColumns, variableColumns, weightColumns } from './row-columns.ts'

type Row = Readonly<Record<string, string | number | null>>

const structured = ['MESSAGES', 'SCALE', 'VARIABLES', 'WEIGHTS', 'PARAMETERS'] as const

interface StructuredField extends OptionField {
  type: (typeof structured)[number]
}

export function isStructured(field: OptionField): field is StructuredField {
  return (structured as readonly string[]).includes(field.type)
}

interface OptionProps {
  field: StructuredField
  value: OptionValue
  problems: Readonly<Record<string, string>>
  onChange: (value: OptionValue) => void
}

export function StructuredOption({ field, value, problems, onChange }: OptionProps) {
  const problem = problems[field.name]
  return (
    <div className={classes.wide}>
      <StructuredInput field={field} value={value} problems={problems} onChange={onChange} />
      {problem && (
        <Input.Error role="alert" mt={4}>
          {problem}
        </Input.Error>
      )}
    </div>
  )
}

function StructuredInput({ field: { type, label, help }, value, problems, onChange }: OptionProps) {
  const rows = { legend: label, rows: value as readonly Row[], onChange }
  switch (type) {
    case 'MESSAGES':
      return <MessagesField legend={label} messages={value as readonly Row[]} help={help} onChange={onChange} />
    case 'SCALE':
      return (
        <ScaleField
          legend={label}
          scale={value as Scale}
          onChange={(scale) => onChange(scale as unknown as OptionValue)}
        />
      )
    case 'VARIABLES':
      return <RowsField {...rows} columns={variableColumns} add="Another name" />
    case 'WEIGHTS':
      return <RowsField {...rows} columns={weightColumns} add="Another score" />
    case 'PARAMETERS':
      return (
        <fieldset className={classes.parameters}>
          <legend>{label}</legend>
          <ParameterFields
            parameters={draftedParameters(value)}
            problems={problems}
            onChange={(parameters) => onChange(parameters as unknown as OptionValue)}
          />
        </fieldset>
      )
  }
}

interface RowsProps {
  legend: string
  columns: readonly Column[]
  rows: readonly Row[]
  add: string
  onChange: (rows: readonly Row[]) => void
}

/** A table that grows. */
function RowsField({ legend, columns, rows, add, onChange }: RowsProps) {
  return (
    <fieldset className={classes.rows}>
      <legend>{legend}</legend>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
        <div key={index} className={classes.row}>
          {columns.map(({ name, label, type, placeholder }) => {
            const common = { size: 'xs', placeholder, 'aria-label': `${label} ${index + 1}` } as const
            const set = (value: string | number) => onChange(rows.with(index, { ...row, [name]: value }))
            return type === 'NUMBER' ? (
              <NumberInput key={name} {...common} w={90} hideControls value={row[name] ?? ''} onChange={set} />
            ) : (
              <TextInput
                key={name}
                {...common}
                className={classes.grows}
                value={String(row[name] ?? '')}
                onChange={(event) => set(event.currentTarget.value)}
              />
            )
          })}
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove ${legend.toLowerCase()} ${index + 1}`}
            onClick={() => onChange(rows.toSpliced(index, 1))}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...rows, {}])}
      >
        {add}
      </Button>
    </fieldset>
  )
}

type Scale = { labels: readonly Row[] } | { range: { min: number; max: number } }

interface ScaleProps {
  legend: string
  scale: Scale
  onChange: (scale: Scale) => void
}

function ScaleField({ legend, scale, onChange }: ScaleProps) {
  const isRange = 'range' in scale
  return (
    <div>
      <SegmentedControl
        size="xs"
        aria-label={legend}
        data={[
          { value: 'LABELS', label: 'One of some labels' },
          { value: 'RANGE', label: 'A number' },
        ]}
        value={isRange ? 'RANGE' : 'LABELS'}
        onChange={(kind) => onChange(kind === 'RANGE' ? { range: { min: 0, max: 1 } } : { labels: [{}, {}] })}
      />
      {isRange ? (
        <div className={classes.row}>
          {(['min', 'max'] as const).map((end) => (
            <NumberInput
              key={end}
              size="xs"
              label={end === 'min' ? 'Lowest' : 'Highest'}
              hideControls
              value={scale.range[end]}
              onChange={(value) => onChange({ range: { ...scale.range, [end]: Number(value) } })}
            />
          ))}
        </div>
      ) : (
        <RowsField
          legend={legend}
          columns={labelColumns}
          rows={scale.labels}
          add="Another label"
          onChange={(labels) => onChange({ labels })}
        />
      )}
      <Text size="xs" c="dimmed">
        Labels that are worth 0 and 1 give yes or no, other values a number, none a category. Few labels are judged more
        reliably than numbers.
      </Text>
    </div>
  )
}

const roles: Record<string, string> = {
  SYSTEM: 'Instructions',
  USER: 'What it is shown',
  ASSISTANT: 'An answer as an example',
}

interface MessagesProps {
  legend: string
  messages: readonly Row[]
  help: string | undefined
  onChange: (messages: readonly Row[]) => void
}

function MessagesField({ legend, messages, help, onChange }: MessagesProps) {
  if (messages.length === 0) {
    const own = [
      { role: 'SYSTEM', content: '' },
      { role: 'USER', content: '{{input}}\n\n{{first}}\n\n{{second}}' },
    ]
    return (
      <Button variant="subtle" size="compact-sm" onClick={() => onChange(own)}>
        {legend}: write your own instructions
      </Button>
    )
  }
  return (
    <>
      {messages.map((message, index) => (
        <Textarea
          // biome-ignore lint/suspicious/noArrayIndexKey: messages never move
          key={index}
          label={roles[String(message.role)] ?? String(message.role)}
          description={message.role === 'USER' ? help : undefined}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          autosize
          minRows={2}
          maxRows={20}
          mb="xs"
          value={String(message.content ?? '')}
          onChange={(event) => onChange(messages.with(index, { ...message, content: event.currentTarget.value }))}
        />
      ))}
    </>
  )
}
