/** A small button in the head of a column, and what it opens. */
import { ActionIcon, Popover } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'

interface Props {
  label: string
  icon: ReactNode
  /** Whether it does something now. */
  active?: boolean
  width?: number
  children: (close: () => void) => ReactNode
}

export function HeadPopover({ label, icon, active = false, width = 248, children }: Props) {
  const [opened, { toggle, close }] = useDisclosure(false)
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
          color={active ? 'ink' : 'gray'}
          size={20}
          onClick={toggle}
          aria-label={label}
          aria-expanded={opened}
        >
          {icon}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown w={width}>{opened && children(close)}</Popover.Dropdown>
    </Popover>
  )
}
