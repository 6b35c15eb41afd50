/** Which items an evaluator goes without, and how long and how often it is called for one: rarely set, so shown when asked for. */
import { Checkbox, NumberInput, TagsInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type EvaluatorDraft, emptyCondition } from './evaluator-draft.ts'
import classes from './evaluators-page.module.css'

interface Props {
  draft: EvaluatorDraft
  problems: Readonly<Record<string, string>>
  onChange: (now: Partial<EvaluatorDraft>) => void
}

/** The server's. */
const usual = { timeoutMs: 60_000, maxAttempts: 3 }

export function RareFields({ draft, problems, onChange }: Props) {
  const { onlyIf, timeoutMs, maxAttempts } = draft
  const isSet =
    onlyIf !== null || ![usual.timeoutMs, ''].includes(timeoutMs) || ![usual.maxAttempts, ''].includes(maxAttempts)
  const [isOpen, setOpen] = useState(isSet)
  const isRefused = ['onlyIf', 'callTimeoutMs', 'maxAttempts'].some((name) => name in problems)
  if (!isOpen && !isRefused) {
    return (
      <button type="button" className={classes.more} onClick={() => setOpen(true)}>
        More about where it is used
      </button>
    )
  }
  const setCondition = (now: Partial<typeof emptyCondition>) =>
    onChange({ onlyIf: { ...(onlyIf ?? emptyCondition), ...now } })
  return (
    <div className={classes.rare}>
      <NumberInput
        label="Seconds for one call"
        placeholder="60"
        min={0.001}
        max={3_600}
        value={typeof timeoutMs === 'number' ? timeoutMs / 1_000 : timeoutMs}
        error={problems.callTimeoutMs}
        onChange={(seconds) => onChange({ timeoutMs: typeof seconds === 'number' ? Math.round(seconds * 1_000) : '' })}
      />
      <NumberInput
        label="Calls for one item"
        description="Before a failure that may pass is final."
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="3"
        min={1}
        max={20}
        allowDecimal={false}
        value={maxAttempts}
        error={problems.maxAttempts}
        onChange={(calls) => onChange({ maxAttempts: calls })}
      />
      <Checkbox
        className={classes.wide}
        label="Only items with a certain score of another evaluator"
        description="Such as a judge only where a rule has found something: it costs less."
        checked={onlyIf !== null}
        onChange={(event) => onChange({ onlyIf: event.currentTarget.checked ? emptyCondition : null })}
      />
      {onlyIf && (
        <>
          <TextInput
            label="Score"
            withAsterisk
            value={onlyIf.score}
            error={problems.onlyIf}
            onChange={(event) => setCondition({ score: event.currentTarget.value })}
          />
          <NumberInput
            label="At least"
            description="Yes is 1."
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            placeholder="any"
            value={onlyIf.min}
            onChange={(min) => setCondition({ min })}
          />
          <NumberInput
            label="At most"
            description="No is 0."
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            placeholder="any"
            value={onlyIf.max}
            onChange={(max) => setCondition({ max })}
          />
          <TagsInput
            label="One of the labels"
            placeholder={onlyIf.labels.length === 0 ? 'any' : undefined}
            value={onlyIf.labels}
            onChange={(labels) => setCondition({ labels })}
          />
        </>
      )}
    </div>
  )
}
