/** OpenAI's Responses. */
import { type Answer, type Protocol, partsOf } from './reply.ts'

export const openaiResponses: Protocol = {
  route: /^\/v1\/responses$/,
  body: (answer, model) => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1_764_000_000,
    model,
    output: [
      ...(answer.reasoning
        ? [{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: answer.reasoning }] }]
        : []),
      ...(answer.text === undefined
        ? []
        : [
            {
              type: 'message',
              role: 'assistant',
              id: 'msg_1',
              content: [{ type: 'output_text', text: answer.text, annotations: [] }],
            },
          ]),
      ...functionCalls(answer),
    ],
    incomplete_details: incomplete(answer),
    usage: usageOf(answer),
  }),
  events(answer, model) {
    const response = { id: 'resp_1', created_at: 1_764_000_000, model }
    const item = { type: 'message', id: 'msg_1' }
    return {
      before: [
        event({ type: 'response.created', response }),
        ...reasoningEvents(answer),
        event({ type: 'response.output_item.added', output_index: 0, item }),
      ],
      parts: partsOf(answer).map((delta) =>
        event({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, delta }),
      ),
      after: [
        event({ type: 'response.output_item.done', output_index: 0, item }),
        ...functionCalls(answer).flatMap((call, n) => [
          event({ type: 'response.output_item.added', output_index: n + 1, item: { ...call, arguments: '' } }),
          event({
            type: 'response.function_call_arguments.delta',
            item_id: call.id,
            output_index: n + 1,
            delta: call.arguments,
          }),
          event({ type: 'response.output_item.done', output_index: n + 1, item: call }),
        ]),
        event({
          type: incomplete(answer) ? 'response.incomplete' : 'response.completed',
          response: { incomplete_details: incomplete(answer), usage: usageOf(answer) },
        }),
      ],
    }
  },
  refusal: ({ type, code, message }) => ({ error: { message, type, code: code ?? null, param: null } }),
}

function event(data: { type: string; [key: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

function reasoningEvents({ reasoning }: Answer): string[] {
  if (!reasoning) return []
  const [item, at] = [
    { type: 'reasoning', id: 'rs_1' },
    { item_id: 'rs_1', output_index: 0, summary_index: 0 },
  ]
  return [
    event({ type: 'response.output_item.added', output_index: 0, item }),
    event({ type: 'response.reasoning_summary_part.added', ...at }),
    event({ type: 'response.reasoning_summary_text.delta', ...at, delta: reasoning }),
    event({ type: 'response.reasoning_summary_part.done', ...at }),
    event({ type: 'response.output_item.done', output_index: 0, item }),
  ]
}

function functionCalls({ toolCalls = [] }: Answer) {
  return toolCalls.map(({ id, name, arguments: args }) => ({
    type: 'function_call',
    id: `fc_${id}`,
    call_id: id,
    name,
    arguments: JSON.stringify(args),
    status: 'completed',
  }))
}

function incomplete({ finish }: Answer): { reason: string } | null {
  if (finish === 'length') return { reason: 'max_output_tokens' }
  return finish === 'content_filter' ? { reason: 'content_filter' } : null
}

function usageOf({ usage }: Answer) {
  if (!usage) return null
  const { input, cached = 0, output, reasoning = 0 } = usage
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
  }
}

/** OpenAI's decisions: what they answer is up to the test, as a raw reply. */
export const openaiDecisions: Protocol = { ...openaiResponses, route: /^\/v1\/decisions$/ }
