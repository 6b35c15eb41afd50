import { Textarea } from '@mantine/core'
import type { Ref } from 'react'

/** What a person says of an output besides scores. */
export function WhyField({
  ref,
  value,
  onChange,
}: {
  ref: Ref<HTMLTextAreaElement>
  value: string
  onChange: (value: string) => void
}) {
  return (
    <Textarea
      ref={ref}
      label="Why"
      description="Write it before you choose; Esc leaves the field."
      autosize
      minRows={2}
      maxRows={8}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  )
}
