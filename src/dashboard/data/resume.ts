/**
 * Subscriptions that go on where they stopped: after a lost connection, and in a tab that was hidden. The last cursor
 * replaces `after`, so nothing is lost and nothing is delivered twice.
 */
import type { Client, FormattedExecutionResult, Sink } from 'graphql-ws'

/** How long a hidden tab still listens, in milliseconds: going back and forth costs nothing. */
const hiddenGraceMs = 10_000

export interface Payload {
  query: string
  variables?: Record<string, unknown>
}

type Batches = Record<string, { cursor?: string } | null>

/**
 * @param payload whose document takes `after` and selects `cursor`
 * @returns unsubscribes
 */
export function subscribeResuming<Data>(
  socket: Client,
  payload: Payload,
  sink: Sink<FormattedExecutionResult<Data, Record<string, unknown>>>,
): () => void {
  const variables: Record<string, unknown> = { ...payload.variables }
  let stop: (() => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false

  start()
  // A tab may have been opened in the background.
  if (document.hidden) onVisibility()
  document.addEventListener('visibilitychange', onVisibility)
  return end

  function start() {
    stop = socket.subscribe<Data, Record<string, unknown>>(
      { ...payload, variables },
      {
        next(result) {
          if (result.errors?.some(({ extensions }) => extensions?.code === 'CURSOR_EXPIRED')) return startOver()
          for (const batch of Object.values((result.data ?? {}) as Batches)) {
            if (batch?.cursor !== undefined) variables.after = batch.cursor
          }
          sink.next(result)
        },
        error(error) {
          finish()
          sink.error(error)
        },
        complete() {
          // Also called when it was paused.
          if (stop === null) return
          finish()
          sink.complete()
        },
      },
    )
  }

  function onVisibility() {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(pause, hiddenGraceMs)
    else if (stop === null && !ended) start()
  }

  function pause() {
    const running = stop
    stop = null
    running?.()
  }

  function finish() {
    ended = true
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onVisibility)
  }

  function end() {
    finish()
    pause()
  }
}

/** The database was restored: nothing that the page has read is certain any more. */
function startOver() {
  location.reload()
}
