import { Kbd, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import classes from './keyboard-help.module.css'
import { type Shortcut, useActiveShortcuts, useShortcuts } from './shortcuts.ts'

const help: readonly Shortcut[] = [{ key: '?', label: 'Show the keys of this page' }]

const symbols: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc' }

/** The list of keys, opened by `?`. */
export function KeyboardHelp() {
  const [opened, { toggle, close }] = useDisclosure(false)
  useShortcuts(help, toggle)
  const shortcuts = useActiveShortcuts()
  return (
    <Modal opened={opened} onClose={close} title="Keyboard" size="sm">
      <Stack gap={0} component="dl" m={0}>
        {shortcuts.map(({ key, label }) => (
          <div key={key} className={classes.row}>
            <Text component="dt" size="sm">
              {label}
            </Text>
            <dd className={classes.key}>
              <Kbd>{symbols[key] ?? key}</Kbd>
            </dd>
          </div>
        ))}
      </Stack>
    </Modal>
  )
}
