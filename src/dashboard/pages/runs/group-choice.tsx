import { Select } from '@mantine/core'
import type { RunSummaryFragment } from '../../gql/graphql.ts'

interface Props {
  runs: readonly RunSummaryFragment[]
  value: string | undefined
  onChange: (key: string | undefined) => void
}

/** Groups the runs by a key of their metadata; not there when they have none. */
export function GroupChoice({ runs, value, onChange }: Props) {
  const keys = [...new Set([...(value === undefined ? [] : [value]), ...runs.flatMap(keysOf)])]
  if (keys.length === 0) return null
  return (
    <Select
      size="xs"
      w={170}
      aria-label="Group by metadata"
      placeholder="Group by…"
      clearable
      value={value ?? null}
      onChange={(key) => onChange(key ?? undefined)}
      data={keys}
    />
  )
}

function keysOf({ metadata }: RunSummaryFragment): string[] {
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? Object.keys(metadata) : []
}
