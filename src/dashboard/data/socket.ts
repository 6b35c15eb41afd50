/** The socket of the page: every subscription, resumed by cursor whenever the connection comes back. */
import { type Client, CloseCode, createClient } from 'graphql-ws'
import { reportConnection, reportSignedOut } from './connection.ts'

/** How soon a broken connection is tried again, in milliseconds. */
const firstRetryMs = 250
const maxRetryMs = 5_000

/** @param project null: that of the caller */
export function openSocket(project: string | null): Client {
  const url = new URL('/graphql', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  return createClient({
    url: url.href,
    connectionParams: project === null ? {} : { project },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => wait(Math.min(firstRetryMs * 2 ** retries, maxRetryMs)),
    // A refused caller is asked to sign in; everything else may pass by itself.
    shouldRetry: (error) => !isRefusal(error),
    keepAlive: 10_000,
    lazyCloseTimeout: 2_000,
    on: {
      connected: () => reportConnection('OPEN'),
      closed: (event) => {
        if (isRefusal(event)) reportSignedOut()
        else if (!(event instanceof CloseEvent && event.code === 1000)) reportConnection('LOST')
      },
    },
  })
}

function isRefusal(event: unknown): boolean {
  return event instanceof CloseEvent && event.code === CloseCode.Forbidden
}

/** A page that comes back online does not wait for the rest of the pause. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
  })
}
