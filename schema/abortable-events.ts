/**
 * Makes a generator of events end as soon as its subscription is closed: on a plain generator, `return` would wait
 * until the next event.
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
