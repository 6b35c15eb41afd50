/** The frame of a page: title, what goes with it, and the content below. */
import { Group, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import classes from './page.module.css'

interface Props {
  title: string
  /** Where it belongs: links, outermost first. */
  trail?: ReactNode
  /** Beside the title: status, badges. */
  aside?: ReactNode
  description?: ReactNode
  /** At the right: what can be done. */
  actions?: ReactNode
  children: ReactNode
}

export function Page({ title, trail, aside, description, actions, children }: Props) {
  useTitle(title)
  return (
    <div className={classes.page} data-page>
      <header className={classes.head}>
        {trail && (
          <nav aria-label="Breadcrumb" className={classes.trail}>
            {trail}
          </nav>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Group gap="sm" align="center" miw={0} flex="1 1 320px">
            <Title order={1} className={classes.title}>
              {title}
            </Title>
            {aside}
          </Group>
          {actions && (
            <Group gap={8} data-no-print>
              {actions}
            </Group>
          )}
        </Group>
        {description && (
          <Text c="dimmed" mt={4} maw={820}>
            {description}
          </Text>
        )}
      </header>
      {children}
    </div>
  )
}

/** The title of the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Assay`
  }, [title])
}
