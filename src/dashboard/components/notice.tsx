import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'

interface Props {
  tone: 'BETTER' | 'WORSE' | 'WARN'
  title: string
  children: ReactNode
  mt?: string
}

/** A short message in the colours of what it means. */
export function Notice({ tone, title, children, mt }: Props) {
  const colour = tone.toLowerCase()
  return (
    <Alert
      title={title}
      mt={mt}
      styles={{
        root: { backgroundColor: `var(--${colour}-soft)` },
        title: { color: `var(--${colour})` },
        message: { color: 'var(--text)' },
      }}
    >
      {children}
    </Alert>
  )
}
