/** A filter by a range of numbers, open at either end. */
import { Button, Group, NumberInput, Stack } from '@mantine/core'
import { useState } from 'react'

export interface Range {
  min?: number
  max?: number
}

interface Props {
  value: Range | null
  /** The ends of what is there, as examples. */
  low: number | null
  high: number | null
  /** After the labels. */
  unit?: string
  onApply: (now: Range) => void
}

export function RangeFields({ value, low, high, unit = '', onApply }: Props) {
  const [min, setMin] = useState<number | string>(value?.min ?? '')
  const [max, setMax] = useState<number | string>(value?.max ?? '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onApply({ ...(min === '' ? {} : { min: Number(min) }), ...(max === '' ? {} : { max: Number(max) }) })
      }}
    >
      <Stack gap="xs">
        <Group grow gap="xs">
          <NumberInput
            label={`At least${unit}`}
            value={min}
            onChange={setMin}
            placeholder={example(low)}
            hideControls
            data-autofocus
          />
          <NumberInput
            label={`At most${unit}`}
            value={max}
            onChange={setMax}
            placeholder={example(high)}
            hideControls
          />
        </Group>
        <Button type="submit" size="xs">
          Filter
        </Button>
      </Stack>
    </form>
  )
}

function example(value: number | null): string | undefined {
  return value === null ? undefined : String(Number(value.toPrecision(3)))
}
