/** Google's generateContent, of the Gemini API. */
import { type Answer, type Protocol, partsOf } from './reply.ts'

export const google: Protocol = {
  route: /^\/google\/v1beta\/models\/(?<model>[^/:]+):(?<call>generateContent|streamGenerateContent)$/,
  body: (answer, model) => chunk([...thoughts(answer), ...texts(answer), ...functionCalls(answer)], model, answer),
  events(answer, model) {
    const parts = partsOf(answer).map((text) => event(chunk([{ text }], model)))
    return {
      before: answer.reasoning ? [event(chunk(thoughts(answer), model))] : [],
      parts,
      // As it ends, with the usage of the whole answer.
      after: [event(chunk(functionCalls(answer), model, answer))],
    }
  },
  refusal: ({ status, message, details }) => ({
    error: { code: status, message, status: statuses[status] ?? 'UNKNOWN', ...(details !== undefined && { details }) },
  }),
}

const statuses: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}

/** With an answer, the last one. */
function chunk(parts: object[], model: string, answer?: Answer): object {
  const content = { role: 'model', parts }
  const candidate = { content, index: 0, ...(answer && { finishReason: finishReason(answer) }) }
  return { candidates: [candidate], ...(answer && usageOf(answer)), modelVersion: model, responseId: 'resp_1' }
}

function thoughts({ reasoning }: Answer): object[] {
  return reasoning ? [{ text: reasoning, thought: true }] : []
}

function texts({ text }: Answer): object[] {
  return text === undefined ? [] : [{ text }]
}

function functionCalls({ toolCalls = [] }: Answer): object[] {
  return toolCalls.map(({ id, name, arguments: args }) => ({
    functionCall: { id, name, args },
    thoughtSignature: 'c2ln',
  }))
}

function finishReason({ finish }: Answer): string {
  if (finish === 'length') return 'MAX_TOKENS'
  return finish === 'content_filter' ? 'SAFETY' : 'STOP'
}

/** Thoughts are counted beside the answer, what is cached within the prompt. */
function usageOf({ usage }: Answer): { usageMetadata?: object } {
  if (!usage) return {}
  const { input, cached = 0, output, reasoning = 0 } = usage
  return {
    usageMetadata: {
      promptTokenCount: input,
      ...(cached > 0 && { cachedContentTokenCount: cached }),
      candidatesTokenCount: output - reasoning,
      ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
      totalTokenCount: input + output,
    },
  }
}
