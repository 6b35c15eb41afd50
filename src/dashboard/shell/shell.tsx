/** What surrounds every page: navigation, project, theme, the state of the connection, and the keyboard's help. */
import { AppShell, Box, Burger, Group, ScrollArea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Outlet, useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import { KeyboardHelp } from '../keyboard/keyboard-help.tsx'
import { type Shortcut, useShortcuts } from '../keyboard/shortcuts.ts'
import { Brand } from './brand.tsx'
import { ColorSchemeSwitch } from './color-scheme-switch.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { Navigation } from './navigation.tsx'
import { ProjectSwitch } from './project-switch.tsx'
import classes from './shell.module.css'

const keys: readonly Shortcut[] = [{ key: '[', label: 'Show or hide the navigation' }]

export function Shell() {
  const [openedOnPhone, phone] = useDisclosure(false)
  const [collapsed, desktop] = useDisclosure(false)
  const path = useLocation({ select: ({ pathname }) => pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu of a phone closes with every new page
  useEffect(() => phone.close(), [path])
  useShortcuts(keys, desktop.toggle)

  return (
    <AppShell
      header={{ height: { base: 48, sm: 0 } }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !openedOnPhone, desktop: collapsed } }}
      padding={0}
      layout="alt"
      transitionDuration={120}
    >
      <a href="#page" className={classes.skip}>
        Skip to the page
      </a>
      <AppShell.Header hiddenFrom="sm" className={classes.header} data-no-print>
        <Group h="100%" px="sm" gap="sm">
          <Burger
            opened={openedOnPhone}
            onClick={phone.toggle}
            size="sm"
            aria-label={openedOnPhone ? 'Close the navigation' : 'Open the navigation'}
          />
          <Brand />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} data-no-print>
        <Group justify="space-between" px="md" h={52} wrap="nowrap">
          <Brand />
          <Burger
            hiddenFrom="sm"
            opened={openedOnPhone}
            onClick={phone.toggle}
            size="sm"
            aria-label="Close the navigation"
          />
        </Group>
        <ScrollArea flex={1} px="xs" type="auto">
          <Navigation />
        </ScrollArea>
        <Box p="xs" className={classes.foot}>
          <ProjectSwitch />
          <ColorSchemeSwitch />
        </Box>
      </AppShell.Navbar>
      <AppShell.Main className={classes.main} id="page" tabIndex={-1}>
        <ConnectionNotice />
        <Outlet />
      </AppShell.Main>
      <KeyboardHelp />
    </AppShell>
  )
}
