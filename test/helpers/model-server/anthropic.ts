/** Anthropic's Messages. */
import { type Answer, type Protocol, partsOf } from './reply.ts'

export const anthropic: Protocol = {
  route: /^\/anthropic\/v1\/messages$/,
  body: (answer, model) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(answer.reasoning ? [{ type: 'thinking', thinking: answer.reasoning, signature: 'sig' }] : []),
      ...(answer.text === undefined ? [] : [{ type: 'text', text: answer.text }]),
      ...toolUses(answer),
    ],
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: { ...inputUsage(answer), output_tokens: answer.usage?.output ?? 0 },
  }),
  events(answer, model) {
    let index = 0
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...inputUsage(answer), output_tokens: 1 },
    }
    const before = [event({ type: 'message_start', message })]
    if (answer.reasoning) {
      before.push(
        event({ type: 'content_block_start', index, content_block: { type: 'thinking', thinking: '' } }),
        event({ type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking: answer.reasoning } }),
        event({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: 'sig' } }),
        event({ type: 'content_block_stop', index }),
      )
      index += 1
    }
    const at = index
    const texts = partsOf(answer)
    if (texts.length > 0)
      before.push(event({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } }))
    const after: string[] = []
    if (texts.length > 0) after.push(event({ type: 'content_block_stop', index }))
    for (const { input, ...block } of toolUses(answer)) {
      index += 1
      after.push(
        event({ type: 'content_block_start', index, content_block: { ...block, input: {} } }),
        event({
          type: 'content_block_delta',
          index,
          delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
        }),
        event({ type: 'content_block_stop', index }),
      )
    }
    after.push(
      event({
        type: 'message_delta',
        delta: { stop_reason: stopReason(answer), stop_sequence: null },
        usage: { output_tokens: answer.usage?.output ?? 0 },
      }),
      event({ type: 'message_stop' }),
    )
    const parts = texts.map((text) =>
      event({ type: 'content_block_delta', index: at, delta: { type: 'text_delta', text } }),
    )
    return { before, parts, after }
  },
  refusal: ({ type, message }) => ({ type: 'error', error: { type, message } }),
}

function event(data: { type: string; [key: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

function toolUses({ toolCalls = [] }: Answer) {
  return toolCalls.map(({ id, name, arguments: input }) => ({ type: 'tool_use', id, name, input }))
}

function stopReason({ finish, toolCalls }: Answer): string {
  if (finish === 'length') return 'max_tokens'
  if (finish === 'content_filter') return 'refusal'
  return toolCalls ? 'tool_use' : 'end_turn'
}

/** Anthropic counts only the tokens that are neither read from nor written to the cache as input. */
function inputUsage({ usage }: Answer) {
  const { input = 0, cached = 0, cacheWrite = 0 } = usage ?? {}
  return {
    input_tokens: input - cached - cacheWrite,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: cacheWrite,
  }
}
