/** Conversations with tools make several requests: each has a right of its own, under the limits of the endpoint. */
import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider'
import { wrapLanguageModel } from 'ai'
import type { EndpointCalls } from '../domain/execution/task.ts'
import { sumOfTokens } from '../domain/execution/usage.ts'
import { resetOf } from './rate-limits.ts'

type Headers = Readonly<Record<string, string>> | undefined

/** The model and the callback that count its calls. The caller already has the right to the first. */
export function countCalls(model: LanguageModelV4, calls: EndpointCalls, now: () => number) {
  const end = ({ inputTokens, outputTokens }: LanguageModelV4Usage, headers: Headers) => {
    const tokens = sumOfTokens(inputTokens.total, outputTokens.total)
    calls.end({ tokens, retryAfterMs: resetOf(headers ?? {}, now()) })
  }
  const counted = wrapLanguageModel({
    model,
    middleware: {
      specificationVersion: 'v4',
      async wrapGenerate({ doGenerate }) {
        const result = await doGenerate()
        end(result.usage, result.response?.headers)
        return result
      },
      async wrapStream({ doStream }) {
        const { stream, ...result } = await doStream()
        const watched = new TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart>({
          transform(part, controller) {
            if (part.type === 'finish') end(part.usage, result.response?.headers)
            controller.enqueue(part)
          },
        })
        return { ...result, stream: stream.pipeThrough(watched) }
      },
    },
  })
  const prepareStep = async ({ stepNumber }: { stepNumber: number }) => {
    if (stepNumber > 0) await calls.begin()
    return undefined
  }
  return { model: counted, prepareStep }
}
