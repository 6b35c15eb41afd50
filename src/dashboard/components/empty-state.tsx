import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

interface Props {
  title: string
  /** The next step, as a sentence. */
  message: ReactNode
  icon?: ReactNode
  /** What does it: a button, or a snippet to copy. */
  children?: ReactNode
  /** Level of the title; 1 when it is all of the page. */
  order?: 1 | 2
}

/** Says what would be here and how to get it. */
export function EmptyState({ title, message, icon, children, order = 2 }: Props) {
  return (
    <Stack align="center" gap="sm" py={56} px="md" ta="center">
      {icon}
      <Title order={order} size="h2">
        {title}
      </Title>
      <Text c="dimmed" maw={460}>
        {message}
      </Text>
      {children}
    </Stack>
  )
}
