/** The drawer of one item, beside the list that it belongs to: where it is there, and the way to its neighbours. */
import { ActionIcon, Drawer, Group, Skeleton } from '@mantine/core'
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './item-frame.module.css'
import { formatCount } from './number-format.ts'

interface Props {
  /** Of an item that is not in a list, such as a new one. */
  title?: string
  /** Where it is in the list; null if it is not in it (yet). */
  place: { index: number; count: number } | null
  /** Pixels; narrower where the screen is. */
  width: number
  onStep: (by: number) => void
  onClose: () => void
  children: ReactNode
}

export function ItemFrame({ title, place, width, onStep, onClose, children }: Props) {
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={`min(${width}px, 100vw)`}
      withOverlay={false}
      lockScroll={false}
      trapFocus={false}
      transitionProps={{ duration: 120 }}
      closeButtonProps={{ 'aria-label': 'Close the item' }}
      classNames={{ content: classes.content, header: classes.header, body: classes.body, title: classes.title }}
      title={
        title ?? (
          <Group gap={8} wrap="nowrap">
            <span>{place ? `Item ${formatCount(place.index + 1)} of ${formatCount(place.count)}` : 'Item'}</span>
            <ActionIcon variant="default" size="sm" onClick={() => onStep(-1)} aria-label="Previous item">
              <IconChevronUp size={15} />
            </ActionIcon>
            <ActionIcon variant="default" size="sm" onClick={() => onStep(1)} aria-label="Next item">
              <IconChevronDown size={15} />
            </ActionIcon>
          </Group>
        )
      }
    >
      {children}
    </Drawer>
  )
}

export function ItemSkeleton() {
  return (
    <div aria-hidden>
      <Skeleton height={60} mb={14} />
      <Skeleton height={120} mb={14} />
      <Skeleton height={90} />
    </div>
  )
}
