import { Readable } from 'node:stream'
import { isAsyncIterable } from '@envelop/core'
import type { ExecutionResult, FormattedExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { piecesOfJson, takesSteps } from './json-in-steps.ts'
import { feedPause, inSteps, type Pause, shortPause, stepsOf } from './limits/in-steps.ts'
import type { LoopTime } from './limits/loop-time.ts'
import { formatResult } from './mask-errors.ts'
import { jsonMediaTypeFor, takesEvents } from './media-types.ts'
import { keepAliveMs } from './socket-end.ts'
import type { SerializedResult } from './subscriptions/subscriber.ts'
import type { OperationCaller } from './use-statement-scope.ts'

const comment = Buffer.from(':\n\n')
const complete = Buffer.from('event: complete\ndata:\n\n')

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'content-encoding': 'none',
}

/**
 * Subscriptions over server-sent events (protocol graphql-sse, distinct connections mode), and large answers that a client
 * takes only so. Large events are sent in steps: as a whole, one of 5 MB for four clients would hold the event loop for 0.25 s.
 * @param loopTime is told for whom it works
 */
export function useEventStreams(loopTime: LoopTime): Plugin {
  return {
    onResultProcess({ request, result, serverContext, resultProcessor, setResultProcessor }) {
      const results = resultProcessor && resultsFor(request.headers.get('accept'), result)
      if (!results) return
      const { client, gone } = serverContext as unknown as OperationCaller
      const pause = isAsyncIterable(result) ? feedPause(gone) : shortPause
      setResultProcessor((_result, { Response }) => {
        const events = Readable.from(eventStream(results, pause, loopTime, client), { objectMode: false })
        return new Response(events as unknown as BodyInit, { headers })
      }, 'text/event-stream')
    },
  }
}

type Result = FormattedExecutionResult | SerializedResult

/** What is sent as events here; null for what is left to Yoga. */
function resultsFor(accept: string | null, result: object): AsyncIterator<Result> | null {
  if (isAsyncIterable<SerializedResult>(result)) return result[Symbol.asyncIterator]()
  const isLarge = 'data' in result && takesSteps(result.data)
  if (!isLarge || jsonMediaTypeFor(accept) || !takesEvents(accept)) return null
  return Readable.from([formatResult(result as ExecutionResult)])[Symbol.asyncIterator]()
}

/** Results as events. */
export async function* eventStream(
  results: AsyncIterator<Result>,
  pause: Pause,
  loopTime: LoopTime,
  client: string,
): AsyncGenerator<Buffer> {
  // Some browsers tell of the response only when something has arrived.
  yield comment
  try {
    for (;;) {
      const next = results.next()
      const arrival = new Arrival(next)
      while (!(await arrival.within(keepAliveMs))) yield comment
      const { done, value } = await next
      if (done) return yield complete
      yield* inSteps(piecesOfEvent(value), pause, loopTime, client)
    }
  } finally {
    await results.return?.()
  }
}

function* piecesOfEvent(result: Result): Generator<string> {
  yield 'event: next\ndata: '
  yield* 'stringify' in result ? stepsOf(result.stringify()) : piecesOfJson(result)
  yield '\n\n'
}

/** Whether something has come, asked again and again: a race would leave something behind each time, until it comes. */
class Arrival {
  #isThere = false
  #wake = () => {}

  constructor(something: Promise<unknown>) {
    const arrive = () => {
      this.#isThere = true
      this.#wake()
    }
    something.then(arrive, arrive)
  }

  /** Resolves as soon as it is there, or after so many milliseconds. */
  async within(ms: number): Promise<boolean> {
    if (this.#isThere) return true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = setTimeout(resolve, ms)
    await promise
    clearTimeout(timer)
    return this.#isThere
  }
}
