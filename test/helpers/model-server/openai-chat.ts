/** OpenAI's Chat Completions, which most other servers speak too. */
import { type Answer, type Protocol, partsOf } from './reply.ts'

export const openaiChat: Protocol = {
  route: /^\/v1\/chat\/completions$/,
  body: (answer, model) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_764_000_000,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text ?? null,
          ...(answer.reasoning && { reasoning_content: answer.reasoning }),
          ...(answer.toolCalls && { tool_calls: toolCalls(answer) }),
        },
        finish_reason: finishReason(answer),
      },
    ],
    ...usageOf(answer),
  }),
  events(answer, model) {
    const chunk = (delta: object, finish: string | null = null) =>
      event({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1_764_000_000,
        model,
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    const { usage } = usageOf(answer)
    const last = {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_764_000_000,
      model,
      choices: [],
      usage,
    }
    return {
      before: [
        chunk({ role: 'assistant', content: '' }),
        ...(answer.reasoning ? [chunk({ reasoning_content: answer.reasoning })] : []),
      ],
      parts: partsOf(answer).map((content) => chunk({ content })),
      after: [
        ...(toolCalls(answer) ?? []).map((call, index) => chunk({ tool_calls: [{ index, ...call }] })),
        chunk({}, finishReason(answer)),
        ...(usage ? [event(last)] : []),
        'data: [DONE]\n\n',
      ],
    }
  },
  refusal: ({ type, code, message }) => ({ error: { message, type, code: code ?? null, param: null } }),
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function toolCalls({ toolCalls }: Answer) {
  return toolCalls?.map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  }))
}

function finishReason({ finish, toolCalls }: Answer): string {
  return finish ?? (toolCalls ? 'tool_calls' : 'stop')
}

function usageOf({ usage, cost }: Answer): { usage?: object } {
  if (!usage) return {}
  const { input, cached, output, reasoning } = usage
  return {
    usage: {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cached ?? 0 },
      completion_tokens_details: { reasoning_tokens: reasoning ?? 0 },
      ...(cost !== undefined && { cost }),
    },
  }
}
