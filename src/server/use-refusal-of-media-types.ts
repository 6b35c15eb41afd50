import type { Plugin } from 'graphql-yoga'
import { excerptOf } from '../domain/excerpt.ts'
import { errorResult } from './respond.ts'

const served = {
  one: 'application/json or application/graphql-response+json',
  many: 'text/event-stream; a subscription is served as server-sent events, or over WebSocket (graphql-transport-ws)',
}

/** Says what is served when no media type of the accept header is: by default such a response is empty. */
export function useRefusalOfMediaTypes(): Plugin {
  return {
    onResultProcess({ request, result, resultProcessor, setResultProcessor }) {
      if (resultProcessor) return
      const expected = Symbol.asyncIterator in result ? served.many : served.one
      const accept = request.headers.get('accept') ?? ''
      const message = `Expected an accept header with ${expected}; got ${excerptOf(accept)}.`
      setResultProcessor(async (unwanted, { Response }) => {
        if (Symbol.asyncIterator in unwanted) await unwanted[Symbol.asyncIterator]().return?.()
        return Response.json(errorResult(406, message), { status: 406 })
      }, 'application/json')
    },
  }
}
