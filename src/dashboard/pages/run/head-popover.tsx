/**
 * A small button in the head of a column, and what it opens. The heads of a run that executes are drawn again several times
 * a second: until it is opened there is only the button.
 */
import { Popover } from '@mantine/core'
import clsx from 'clsx'
import { type ReactNode, useRef, useState } from 'react'
import classes from './column-head.module.css'

interface Props {
  label: string
  icon: ReactNode
  /** Whether it does something now. */
  active?: boolean
  width?: number
  children: (close: () => void) => ReactNode
}

export function HeadPopover({ label, icon, active = false, width = 248, children }: Props) {
  const [opened, setOpened] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const close = () => {
    setOpened(false)
    button.current?.focus()
  }
  return (
    <span className={classes.opener}>
      <button
        ref={button}
        type="button"
        className={clsx(classes.open, active && classes.active)}
        aria-label={label}
        aria-expanded={opened}
        aria-haspopup="dialog"
        // Else it would be closed as by a click elsewhere, and opened again.
        onMouseDown={(event) => opened && event.stopPropagation()}
        onTouchStart={(event) => opened && event.stopPropagation()}
        onClick={() => setOpened(!opened)}
      >
        {icon}
      </button>
      {opened && (
        <Popover
          opened
          onChange={(open) => !open && close()}
          position="bottom-end"
          shadow="md"
          trapFocus
          returnFocus={false}
          withinPortal
        >
          <Popover.Target>
            <span className={classes.anchor} aria-hidden />
          </Popover.Target>
          <Popover.Dropdown w={width} aria-label={label}>
            {children(close)}
          </Popover.Dropdown>
        </Popover>
      )}
    </span>
  )
}
