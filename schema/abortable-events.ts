/**
 * The events of a subscription that end at once when it is closed: a generator that waits for news would keep `return`
 * waiting as well.
 */
export function eventsOf<Event>(start: (signal: AbortSignal) => AsyncGenerator<Event>): AsyncIterableIterator<Event> {
  const closed = new AbortController()
  const generator = start(closed.signal)
  const events: AsyncIterableIterator<Event> = {
    next: () => generator.next(),
    return: () => {
      closed.abort()
      return generator.return(undefined)
    },
    [Symbol.asyncIterator]: () => events,
  }
  return events
}
