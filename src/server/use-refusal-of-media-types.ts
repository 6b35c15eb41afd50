import type { Plugin } from 'graphql-yoga'
import { refusalOf } from './media-types.ts'
import { errorResult } from './respond.ts'

/** Says what is served to who asks for a subscription as JSON: by default such a response is empty. */
export function useRefusalOfMediaTypes(): Plugin {
  return {
    onResultProcess({ request, resultProcessor, setResultProcessor }) {
      if (resultProcessor) return
      const message = refusalOf(request.headers.get('accept'))
      setResultProcessor(async (unwanted, { Response }) => {
        if (Symbol.asyncIterator in unwanted) await unwanted[Symbol.asyncIterator]().return?.()
        return Response.json(errorResult(406, message), { status: 406 })
      }, 'application/json')
    },
  }
}
