/** Which items are shown, by how they ended; plain elements, since their numbers change several times a second. */
import { formatCount } from '../../components/number-format.ts'
import type { RunPageRun } from './run-query.ts'
import classes from './status-choice.module.css'

type Status = 'ALL' | 'SUCCEEDED' | 'FAILED'

interface Props {
  progress: RunPageRun['progress']
  /** Undefined: another selection. */
  value: Status | undefined
  onChange: (status: Status) => void
}

export function StatusChoice({ progress, value, onChange }: Props) {
  const choices = [
    { value: 'ALL', label: 'All', count: progress.total },
    { value: 'SUCCEEDED', label: 'Succeeded', count: progress.succeeded },
    { value: 'FAILED', label: 'Failed', count: progress.failed },
  ] as const
  return (
    <fieldset className={classes.choices}>
      <legend className="hidden-visually">Status</legend>
      {choices.map((choice) => (
        <label key={choice.value} className={classes.choice}>
          <input
            type="radio"
            name="status"
            className="hidden-visually"
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          {choice.label} {formatCount(choice.count)}
        </label>
      ))}
    </fieldset>
  )
}
