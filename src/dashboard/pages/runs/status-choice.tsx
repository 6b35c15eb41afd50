import { SegmentedControl } from '@mantine/core'
import type { RunsSearch } from './runs-search.ts'

interface Props {
  value: RunsSearch['status']
  onChange: (status: RunsSearch['status']) => void
}

export function StatusChoice({ value, onChange }: Props) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Status"
      value={value ?? 'ALL'}
      onChange={(chosen) => onChange(chosen === 'ALL' ? undefined : (chosen as RunsSearch['status']))}
      data={[
        { value: 'ALL', label: 'All' },
        { value: 'RUNNING', label: 'Running' },
        { value: 'COMPLETED', label: 'Completed' },
        { value: 'STOPPED', label: 'Stopped' },
        { value: 'CANCELLED', label: 'Cancelled' },
      ]}
    />
  )
}
