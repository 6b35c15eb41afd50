import { Button, Stack } from '@mantine/core'
import { IconFilter, IconFilterFilled } from '@tabler/icons-react'
import { HeadPopover } from './head-popover.tsx'
import { type Range, RangeFields } from './range-fields.tsx'

interface Props {
  name: string
  value: Range | undefined
  low: number | null
  high: number | null
  unit?: string
  onChange: (range: Range | undefined) => void
}

/** Filters the items by latency or cost. */
export function RangeFilterButton({ name, value, onChange, ...fields }: Props) {
  return (
    <HeadPopover
      label={`Filter by ${name}`}
      icon={value ? <IconFilterFilled size={13} /> : <IconFilter size={13} />}
      active={value !== undefined}
    >
      {(close) => {
        const apply = (range: Range | undefined) => {
          close()
          onChange(range)
        }
        return (
          <Stack gap="xs">
            <RangeFields {...fields} value={value ?? null} onApply={apply} />
            {value && (
              <Button size="xs" variant="subtle" onClick={() => apply(undefined)}>
                Remove this filter
              </Button>
            )}
          </Stack>
        )
      }}
    </HeadPopover>
  )
}
