import type { Plugin } from 'graphql-yoga'
import { excerptOf } from '../domain/excerpt.ts'
import { jsonMediaTypeFor, takesEvents } from './json-media-type.ts'
import { errorResult } from './respond.ts'

const served = {
  one: 'application/json or application/graphql-response+json',
  many: 'text/event-stream; a subscription is served as server-sent events, or over WebSocket (graphql-transport-ws)',
}

/**
 * Says what is served when no media type of the accept header is: by default such a response is empty, and an answer that a
 * client takes only in parts is written as a whole.
 */
export function useRefusalOfMediaTypes(): Plugin {
  return {
    onResultProcess({ request, result, resultProcessor, setResultProcessor }) {
      const accepted = request.headers.get('accept') ?? undefined
      if (resultProcessor && (jsonMediaTypeFor(accepted) || takesEvents(accepted))) return
      const expected = Symbol.asyncIterator in result ? served.many : served.one
      const message = `Expected an accept header with ${expected}; got ${excerptOf(accepted ?? '')}.`
      setResultProcessor(async (unwanted, { Response }) => {
        if (Symbol.asyncIterator in unwanted) await unwanted[Symbol.asyncIterator]().return?.()
        return Response.json(errorResult(406, message), { status: 406 })
      }, 'application/json')
    },
  }
}
