/** What every page does with the answer to its query. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { CombinedError } from 'urql'
import { ErrorState } from './error-state.tsx'

interface Result<Data> {
  data?: Data
  error?: CombinedError
  fetching: boolean
}

interface Props<Data> {
  of: Result<Data>
  /** Shown until there is data: the page's shape without its content. */
  skeleton: ReactNode
  retry: () => void
  children: (data: Data) => ReactNode
}

/** Data when there is any, also with an error or while it is read again; else the error, else the skeleton. */
export function Answer<Data>({ of: { data, error, fetching }, skeleton, retry, children }: Props<Data>) {
  if (data !== undefined && data !== null) return children(data)
  if (!error || fetching) return skeleton
  const unreachable = error.networkError !== undefined && error.response === undefined
  return (
    <ErrorState
      order={1}
      title={unreachable ? 'The server does not answer' : 'This could not be read'}
      message={unreachable ? 'Is it still running? `npm start` starts it.' : messageOf(error)}
    >
      <Button variant="default" onClick={retry}>
        Try again
      </Button>
    </ErrorState>
  )
}

/** The messages of the server, one a line. */
export function messageOf(error: CombinedError): string {
  return error.graphQLErrors.map(({ message }) => message).join('\n') || error.message
}
