import { Group, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'

interface Props {
  title: string
  message: string
  /** What to do about it. */
  children?: ReactNode
  /** Level of the title; 1 when it is all of the page. */
  order?: 1 | 2
}

/** What went wrong, and what to do. */
export function ErrorState({ title, message, children, order = 2 }: Props) {
  return (
    <Stack align="center" gap="sm" py={56} px="md" ta="center" role="alert">
      <Group gap={8} c="var(--worse)">
        <IconAlertTriangle size={20} aria-hidden />
        <Title order={order} size="h2" c="var(--text)">
          {title}
        </Title>
      </Group>
      <Text c="dimmed" maw={560} style={{ overflowWrap: 'anywhere' }}>
        {message}
      </Text>
      {children}
    </Stack>
  )
}
