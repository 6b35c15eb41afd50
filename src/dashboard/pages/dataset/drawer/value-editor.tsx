/** A field for any value: text as it is, everything else as JSON. */
import { SegmentedControl, Textarea } from '@mantine/core'
import classes from './value-editor.module.css'

export type Draft = { kind: 'TEXT' | 'JSON'; text: string } | { kind: 'NONE' }

/** @param nothing whether null is shown as none */
export function draftOf(value: unknown, nothing: boolean): Draft {
  if (value === null || value === undefined) return nothing ? { kind: 'NONE' } : { kind: 'JSON', text: 'null' }
  return typeof value === 'string'
    ? { kind: 'TEXT', text: value }
    : { kind: 'JSON', text: JSON.stringify(value, null, 2) }
}

/** The value of a draft, or what is wrong with it. */
export function readDraft(draft: Draft): { value: unknown; problem: null } | { value: null; problem: string } {
  if (draft.kind === 'NONE') return { value: null, problem: null }
  if (draft.kind === 'TEXT') return { value: draft.text, problem: null }
  try {
    return { value: JSON.parse(draft.text), problem: null }
  } catch (error) {
    return { value: null, problem: `This is no JSON: ${(error as Error).message}` }
  }
}

interface Props {
  label: string
  draft: Draft
  onChange: (draft: Draft) => void
  /** Whether there may be no value. */
  optional?: boolean
  /** Only JSON makes sense here. */
  jsonOnly?: boolean
  problem: string | null
  autoFocus?: boolean
}

const kinds = { TEXT: 'Text', JSON: 'JSON', NONE: 'None' } as const

export function ValueEditor({ label, draft, onChange, optional = false, jsonOnly = false, problem, autoFocus }: Props) {
  const offered = (['TEXT', 'JSON', 'NONE'] as const).filter(
    (kind) => !(kind === 'NONE' && !optional) && !(kind === 'TEXT' && jsonOnly),
  )
  return (
    <div>
      <div className={classes.head}>
        <span className={classes.label}>{label}</span>
        <SegmentedControl
          size="xs"
          aria-label={`${label}: kind of value`}
          data={offered.map((kind) => ({ value: kind, label: kinds[kind] }))}
          value={draft.kind}
          onChange={(kind) => onChange(changed(draft, kind as Draft['kind']))}
        />
      </div>
      {draft.kind !== 'NONE' && (
        <Textarea
          aria-label={label}
          value={draft.text}
          onChange={(event) => onChange({ kind: draft.kind, text: event.currentTarget.value })}
          error={problem}
          autosize
          minRows={2}
          maxRows={18}
          spellCheck={draft.kind === 'TEXT'}
          classNames={draft.kind === 'JSON' ? { input: classes.code } : undefined}
          data-autofocus={autoFocus}
        />
      )}
    </div>
  )
}

/** The same content as another kind: text that is JSON becomes it, other text a JSON string. */
function changed(draft: Draft, kind: Draft['kind']): Draft {
  if (kind === 'NONE') return { kind }
  const text = draft.kind === 'NONE' ? '' : draft.text
  if (kind === 'JSON') return { kind, text: isJson(text) || text === '' ? text : JSON.stringify(text) }
  const value = isJson(text) ? JSON.parse(text) : text
  return { kind, text: typeof value === 'string' ? value : text }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
