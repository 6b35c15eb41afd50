import { Readable } from 'node:stream'
import { isAsyncIterable } from '@envelop/core'
import type { Plugin } from 'graphql-yoga'
import { inSteps, stepsOf } from './limits/in-steps.ts'
import type { LoopTime } from './limits/loop-time.ts'
import type { SerializedResult } from './subscriptions/subscriber.ts'
import type { OperationCaller } from './use-statement-scope.ts'

/** How often a comment keeps an idle stream open, in milliseconds. */
const pingMs = 12_000
const ping = Buffer.from(':\n\n')
const complete = Buffer.from('event: complete\ndata:\n\n')

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'content-encoding': 'none',
}

/**
 * Subscriptions over server-sent events (protocol graphql-sse, distinct connections mode). Large events are sent in steps: as a
 * whole, one of 5 MB for four clients would hold the event loop for 0.25 s.
 * @param loopTime is told for whom it works
 */
export function useEventStreams(loopTime: LoopTime): Plugin {
  return {
    onResultProcess({ result, serverContext, resultProcessor, setResultProcessor }) {
      if (!resultProcessor || !isAsyncIterable(result)) return
      const { client } = serverContext as unknown as OperationCaller
      setResultProcessor((results, { Response }) => {
        const events = eventStream(results as unknown as AsyncIterable<SerializedResult>, loopTime, client)
        return new Response(Readable.from(events, { objectMode: false }) as unknown as BodyInit, { headers })
      }, 'text/event-stream')
    },
  }
}

/** The results of a subscription as events. */
export async function* eventStream(
  results: AsyncIterable<SerializedResult>,
  loopTime: LoopTime,
  client: string,
): AsyncGenerator<Buffer> {
  // Some browsers tell of the response only when something has arrived.
  yield ping
  const iterator = results[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = iterator.next()
      while (!(await isSettledWithin(pingMs, next))) yield ping
      const { done, value } = await next
      if (done) return yield complete
      yield* inSteps(piecesOfEvent(value.stringify()), loopTime, client)
    }
  } finally {
    await iterator.return?.()
  }
}

function* piecesOfEvent(json: string): Generator<string> {
  yield 'event: next\ndata: '
  yield* stepsOf(json)
  yield '\n\n'
}

async function isSettledWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
