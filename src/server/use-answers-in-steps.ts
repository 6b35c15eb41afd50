import type { Plugin } from 'graphql-yoga'
import { jsonInSteps, takesSteps } from './json-in-steps.ts'
import type { LoopTime } from './limits/loop-time.ts'
import { formatResult } from './mask-errors.ts'
import { jsonMediaTypeFor } from './media-types.ts'
import type { OperationCaller } from './use-statement-scope.ts'

/**
 * Writes large answers in steps: as a whole, one of 16 MB would hold the event loop for 0.2 s.
 * @param loopTime is told for whom it works
 */
export function useAnswersInSteps(loopTime: LoopTime): Plugin {
  return {
    onResultProcess({ request, result, serverContext, resultProcessor, setResultProcessor }) {
      const mediaType = jsonMediaTypeFor(request.headers.get('accept'))
      if (!resultProcessor || !mediaType || !('data' in result) || !takesSteps(result.data)) return
      const { client } = serverContext as unknown as OperationCaller
      setResultProcessor((_result, { Response }) => {
        const body = jsonInSteps(formatResult(result), loopTime, client)
        return new Response(body, { headers: { 'content-type': `${mediaType}; charset=utf-8` } })
      }, mediaType)
    },
  }
}
