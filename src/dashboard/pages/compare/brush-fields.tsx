/** The brush of the scatter plot by numbers: what a pointer drags, for who has none. */
import { Button, NumberInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import classes from './compare-page.module.css'

type Range = [number, number]

interface Props {
  /** What is brushed now. */
  x: Range | undefined
  y: Range | undefined
  /** The least and the largest value of the points. */
  reach: Range
  onBrush: (area: { x: Range; y: Range }) => void
}

const ends = [
  { axis: 'x', end: 0, label: 'Baseline from' },
  { axis: 'x', end: 1, label: 'Baseline to' },
  { axis: 'y', end: 0, label: 'Candidate from' },
  { axis: 'y', end: 1, label: 'Candidate to' },
] as const

export function BrushFields({ x, y, reach, onBrush }: Props) {
  const [area, setArea] = useState<{ x: (number | string)[]; y: (number | string)[] }>({
    x: x ?? ['', ''],
    y: y ?? ['', ''],
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    const whole = (values: readonly (number | string)[]): Range => [
      values[0] === '' ? reach[0] : Number(values[0]),
      values[1] === '' ? reach[1] : Number(values[1]),
    ]
    onBrush({ x: whole(area.x), y: whole(area.y) })
  }

  return (
    <form onSubmit={submit} className={classes.brush}>
      {ends.map(({ axis, end, label }) => (
        <NumberInput
          key={label}
          size="xs"
          label={label}
          placeholder={String(reach[end])}
          hideControls
          value={area[axis][end] ?? ''}
          onChange={(value) => setArea((before) => ({ ...before, [axis]: before[axis].with(end, value) }))}
        />
      ))}
      <Button type="submit" size="xs" variant="default">
        Show these
      </Button>
    </form>
  )
}
