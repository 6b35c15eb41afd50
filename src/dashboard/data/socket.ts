/** The connection of the page: every subscription, resumed by cursor whenever the connection comes back. */
import { type Client, CloseCode, createClient } from 'graphql-ws'
import { reportConnection, reportRefused } from './connection.ts'
import { hubChanged, sharedSocket } from './shared-socket.ts'

/** How soon a broken connection is tried again, in milliseconds. */
const firstRetryMs = 250
const maxRetryMs = 5_000

/** @param project null: that of the caller */
export function openSocket(project: string | null, visit: number): Client {
  const url = new URL('/graphql', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  let isPassing = false
  return createClient({
    url: url.href,
    webSocketImpl: sharedSocket(`assay ${project ?? ''}`, url.href) ?? WebSocket,
    connectionParams: project === null ? {} : { project },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => wait(isPassing ? 0 : Math.min(firstRetryMs * 2 ** retries, maxRetryMs)),
    // Also of a refused caller, who may have signed in meanwhile; one who is out is asked to, and nothing is subscribed to.
    shouldRetry: () => true,
    keepAlive: 10_000,
    lazyCloseTimeout: 2_000,
    on: {
      connected: () => reportConnection('OPEN', visit),
      closed: (event) => {
        const code = event instanceof CloseEvent ? event.code : null
        isPassing = code === hubChanged
        if (code === CloseCode.Forbidden) void reportRefused(visit)
        else if (code !== 1000 && !isPassing) reportConnection('LOST', visit)
      },
    },
  })
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
