/** Filters the items by one score: its value, its label, or that there is none. */
import { ActionIcon, Button, Checkbox, Group, NumberInput, Popover, Radio, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconFilter, IconFilterFilled } from '@tabler/icons-react'
import { useState } from 'react'
import { formatCount } from '../../components/number-format.ts'
import type { RunSearch } from './run-search.ts'
import type { ScoreColumn } from './score-columns.ts'

interface Props {
  score: ScoreColumn
  labels: readonly { label: string; count: number }[]
  search: RunSearch
  onSearch: (now: Partial<RunSearch>) => void
}

type ScoreFilter = NonNullable<RunSearch['score']>

export function ScoreFilterButton({ score, labels, search, onSearch }: Props) {
  const [opened, { toggle, close }] = useDisclosure(false)
  const filter = search.score?.name === score.name ? search.score : null
  const apply = (now: Omit<ScoreFilter, 'name'> | null) => {
    close()
    onSearch({ score: now === null ? undefined : { name: score.name, ...now }, change: undefined })
  }
  return (
    <Popover
      opened={opened}
      onChange={(open) => !open && close()}
      position="bottom-end"
      shadow="md"
      trapFocus
      withinPortal
    >
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color={filter ? 'ink' : 'gray'}
          size={20}
          onClick={toggle}
          aria-label={`Filter by ${score.name}`}
          aria-expanded={opened}
        >
          {filter ? <IconFilterFilled size={13} /> : <IconFilter size={13} />}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown w={248}>
        <Stack gap="xs">
          {score.dataType === 'NUMERIC' && <RangeFields score={score} filter={filter} onApply={apply} />}
          {score.dataType === 'BOOLEAN' && (
            <Radio.Group
              label={score.name}
              value={filter?.boolean === undefined ? '' : String(filter.boolean)}
              onChange={(value) => apply({ boolean: value === 'true' })}
            >
              <Group mt={6}>
                <Radio value="true" label="✓ yes" />
                <Radio value="false" label="✗ no" />
              </Group>
            </Radio.Group>
          )}
          {(score.dataType === 'CATEGORICAL' || score.dataType === 'TEXT') && (
            <Checkbox.Group
              label={score.name}
              value={filter?.labels ?? []}
              onChange={(chosen) => apply(chosen.length === 0 ? null : { labels: chosen })}
            >
              <Stack gap={6} mt={6} mah={240} style={{ overflowY: 'auto' }}>
                {labels.map(({ label, count }) => (
                  <Checkbox key={label} value={label} label={`${label} (${formatCount(count)})`} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
          <Group gap={6} grow>
            <Button size="xs" variant={filter?.missing ? 'filled' : 'default'} onClick={() => apply({ missing: true })}>
              Missing
            </Button>
            <Button
              size="xs"
              variant={filter?.hasError ? 'filled' : 'default'}
              onClick={() => apply({ hasError: true })}
            >
              Evaluator failed
            </Button>
          </Group>
          {filter && (
            <Button size="xs" variant="subtle" onClick={() => apply(null)}>
              Remove this filter
            </Button>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

interface RangeProps {
  score: ScoreColumn
  filter: ScoreFilter | null
  onApply: (now: { min?: number; max?: number }) => void
}

function RangeFields({ score, filter, onApply }: RangeProps) {
  const [min, setMin] = useState<number | string>(filter?.min ?? '')
  const [max, setMax] = useState<number | string>(filter?.max ?? '')
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
            label="At least"
            value={min}
            onChange={setMin}
            placeholder={bound(score.min)}
            hideControls
            data-autofocus
          />
          <NumberInput label="At most" value={max} onChange={setMax} placeholder={bound(score.max)} hideControls />
        </Group>
        <Button type="submit" size="xs">
          Filter
        </Button>
      </Stack>
    </form>
  )
}

function bound(value: number | null): string | undefined {
  return value === null ? undefined : String(Number(value.toPrecision(3)))
}
