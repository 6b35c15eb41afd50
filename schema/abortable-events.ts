import { UserError } from '../src/domain/errors.ts'

/**
 * Makes a generator of events end as soon as its subscription is closed: on a plain generator, `return` would wait
 * until the next event. An error that the caller can correct is an
 * event of its own, for `perEvent`: thrown here, it would close the whole WebSocket.
 */
export async function eventsOf<Event>(
  start: (signal: AbortSignal) => AsyncGenerator<Event> | Promise<AsyncGenerator<Event>>,
): Promise<AsyncIterableIterator<Event | UserError>> {
  const closed = new AbortController()
  const generator = await start(closed.signal)
  const events: AsyncIterableIterator<Event | UserError> = {
    next: async () => {
      try {
        return await generator.next()
      } catch (error) {
        // The generator is over: asked again, it says so.
        if (error instanceof UserError) return { done: false, value: error }
        throw error
      }
    },
    return: () => {
      closed.abort()
      return generator.return(undefined)
    },
    [Symbol.asyncIterator]: () => events,
  }
  return events
}
