import { Button } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { ErrorState } from '../components/error-state.tsx'

/** A page that broke, or whose address has parameters that are none. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  return (
    <ErrorState
      order={1}
      title="This page cannot be shown"
      message={error instanceof Error ? error.message : String(error)}
    >
      <Button variant="default" onClick={reset}>
        Try again
      </Button>
    </ErrorState>
  )
}
