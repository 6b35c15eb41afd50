import { Pill } from '@mantine/core'
import { conditionsOf, describeCondition, type MetadataFilter, without } from './metadata-filter.ts'

interface Props {
  value: MetadataFilter | undefined
  onChange: (filter: MetadataFilter | undefined) => void
}

/** What is asked of the metadata, each with what removes it. */
export function MetadataPills({ value, onChange }: Props) {
  if (value === undefined) return null
  return conditionsOf(value).map((condition) => {
    const text = describeCondition(condition)
    return (
      <Pill
        key={text}
        withRemoveButton
        onRemove={() => onChange(without(value, condition))}
        removeButtonProps={{ 'aria-label': `Remove the filter: ${text}`, 'aria-hidden': false, tabIndex: 0 }}
      >
        {text}
      </Pill>
    )
  })
}
