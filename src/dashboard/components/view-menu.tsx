/** How a table looks: which columns it has, and what else is said of it. */
import { Button, Menu } from '@mantine/core'
import { IconAdjustmentsHorizontal } from '@tabler/icons-react'
import type { ReactNode } from 'react'

interface Props {
  /** Those that can be hidden, hidden ones too. */
  columns: readonly { id: string; name: string }[]
  /** Ids of the hidden ones; undefined: none. */
  hidden: readonly string[] | undefined
  onHide: (ids: string[] | undefined) => void
  /** More items of the menu. */
  children?: ReactNode
}

export function ViewMenu({ columns, hidden = [], onHide, children }: Props) {
  const toggle = (id: string) => {
    const now = hidden.includes(id) ? hidden.filter((other) => other !== id) : [...hidden, id]
    onHide(now.length > 0 ? now : undefined)
  }
  return (
    <Menu position="bottom-end" closeOnItemClick={false} width={220} withinPortal={false}>
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconAdjustmentsHorizontal size={15} aria-hidden />}>
          View
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        <Menu.Label>Columns</Menu.Label>
        {columns.map(({ id, name }) => (
          <Menu.CheckboxItem key={id} checked={!hidden.includes(id)} onChange={() => toggle(id)}>
            {name}
          </Menu.CheckboxItem>
        ))}
        {children}
      </Menu.Dropdown>
    </Menu>
  )
}
