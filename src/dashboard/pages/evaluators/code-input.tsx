/** Code, with the numbers of its lines: errors name them. */
import { Input } from '@mantine/core'
import { useId } from 'react'
import classes from './code-input.module.css'

interface Props {
  label: string
  help: string | undefined
  error: string | undefined
  isRequired: boolean
  value: string
  onChange: (code: string) => void
}

export function CodeInput({ label, help, error, isRequired, value, onChange }: Props) {
  const id = useId()
  const lines = value.split('\n').length
  const wrong = Number(/\(line (\d+)\)/.exec(error ?? '')?.[1])
  return (
    <Input.Wrapper
      id={id}
      className={classes.code}
      label={label}
      description={help}
      error={error}
      withAsterisk={isRequired}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
    >
      <div className={classes.frame} data-invalid={error ? true : undefined}>
        <ol className={classes.lines} aria-hidden>
          {Array.from({ length: lines }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            <li key={index} data-wrong={index + 1 === wrong || undefined}>
              {index + 1}
            </li>
          ))}
        </ol>
        <textarea
          id={id}
          className={classes.text}
          rows={Math.max(5, lines)}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-description ${id}-error`}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </div>
    </Input.Wrapper>
  )
}
