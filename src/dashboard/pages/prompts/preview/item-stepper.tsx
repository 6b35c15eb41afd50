import { ActionIcon, Group, Text } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { formatCount } from '../../../components/number-format.ts'
import type { ItemToTry } from './use-item-to-try.ts'

/** Which item something is tried on, and the ones beside it. */
export function ItemStepper({ of: { item, index, count, go } }: { of: ItemToTry }) {
  if (count === 0) return null
  return (
    <Group gap={4} wrap="nowrap">
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label="Item before"
        disabled={index === 0}
        onClick={() => go(index - 1)}
      >
        <IconChevronLeft size={16} />
      </ActionIcon>
      <Text size="sm" className="number" style={{ whiteSpace: 'nowrap' }}>
        Item {formatCount(index + 1)} of {formatCount(count)}
        {item?.key ? ` · ${item.key}` : ''}
      </Text>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label="Next item"
        disabled={index >= count - 1}
        onClick={() => go(index + 1)}
      >
        <IconChevronRight size={16} />
      </ActionIcon>
    </Group>
  )
}
