import { UserError } from '../src/domain/errors.ts'

/**
 * The events of a subscription that end at once when it is closed: a generator that waits for news would keep `return`
 * waiting as well. What the caller can put right ends them as an event of its own, for `perEvent`: an error thrown here
 * would end the whole WebSocket.
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
