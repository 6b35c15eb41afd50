/** Filters the items by one score: its value, its label, or that there is none. */
import { Button, Checkbox, Group, Radio, Stack } from '@mantine/core'
import { IconFilter, IconFilterFilled } from '@tabler/icons-react'
import { formatCount } from '../../components/number-format.ts'
import { HeadPopover } from './head-popover.tsx'
import { RangeFields } from './range-fields.tsx'
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
  const isOf = search.score?.name === score.name && (search.score.source ?? null) === score.source
  const filter = isOf ? (search.score ?? null) : null
  return (
    <HeadPopover
      label={`Filter by ${score.title}`}
      icon={filter ? <IconFilterFilled size={13} /> : <IconFilter size={13} />}
      active={filter !== null}
    >
      {(close) => (
        <Choices
          score={score}
          labels={labels}
          filter={filter}
          onApply={(now) => {
            close()
            const of = { name: score.name, ...(score.source === null ? {} : { source: score.source }) }
            onSearch({ score: now === null ? undefined : { ...of, ...now }, change: undefined })
          }}
        />
      )}
    </HeadPopover>
  )
}

interface ChoicesProps {
  score: ScoreColumn
  labels: Props['labels']
  filter: ScoreFilter | null
  onApply: (now: Omit<ScoreFilter, 'name' | 'source'> | null) => void
}

function Choices({ score, labels, filter, onApply: apply }: ChoicesProps) {
  return (
    <Stack gap="xs">
      {score.dataType === 'NUMERIC' && <RangeFields value={filter} low={score.min} high={score.max} onApply={apply} />}
      {score.dataType === 'BOOLEAN' && (
        <Radio.Group
          label={score.title}
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
          label={score.title}
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
        <Button size="xs" variant={filter?.hasError ? 'filled' : 'default'} onClick={() => apply({ hasError: true })}>
          Evaluator failed
        </Button>
      </Group>
      {filter && (
        <Button size="xs" variant="subtle" onClick={() => apply(null)}>
          Remove this filter
        </Button>
      )}
    </Stack>
  )
}
