/** Bedrock's Converse; its streams are frames of AWS' event stream encoding. */
import { crc32 } from 'node:zlib'
import { type Answer, type Protocol, partsOf } from './reply.ts'

export const bedrock: Protocol = {
  route: /^\/bedrock\/model\/(?<model>[^/]+)\/(?<call>converse|converse-stream)$/,
  streamType: 'application/vnd.amazon.eventstream',
  body: (answer) => ({
    output: {
      message: {
        role: 'assistant',
        content: [
          ...(answer.reasoning
            ? [{ reasoningContent: { reasoningText: { text: answer.reasoning, signature: 'sig' } } }]
            : []),
          ...(answer.text === undefined ? [] : [{ text: answer.text }]),
          ...toolUses(answer).map((toolUse) => ({ toolUse })),
        ],
      },
    },
    stopReason: stopReason(answer),
    ...usageOf(answer),
    metrics: { latencyMs: 200 },
  }),
  events(answer) {
    let contentBlockIndex = 0
    const before = [event('messageStart', { role: 'assistant' })]
    if (answer.reasoning) {
      const reasoning = (reasoningContent: object) =>
        event('contentBlockDelta', { contentBlockIndex, delta: { reasoningContent } })
      before.push(reasoning({ text: answer.reasoning }), reasoning({ signature: 'sig' }))
      before.push(event('contentBlockStop', { contentBlockIndex }))
      contentBlockIndex += 1
    }
    const at = contentBlockIndex
    const texts = partsOf(answer)
    const after: Buffer[] = texts.length > 0 ? [event('contentBlockStop', { contentBlockIndex })] : []
    for (const { input, ...toolUse } of toolUses(answer)) {
      contentBlockIndex += 1
      const delta = { toolUse: { input: JSON.stringify(input) } }
      after.push(event('contentBlockStart', { contentBlockIndex, start: { toolUse } }))
      after.push(event('contentBlockDelta', { contentBlockIndex, delta }))
      after.push(event('contentBlockStop', { contentBlockIndex }))
    }
    after.push(event('messageStop', { stopReason: stopReason(answer) }))
    after.push(event('metadata', { ...usageOf(answer), metrics: { latencyMs: 200 } }))
    return {
      before,
      parts: texts.map((text) => event('contentBlockDelta', { contentBlockIndex: at, delta: { text } })),
      after,
    }
  },
  refusal: ({ message }) => ({ message }),
  refusalHeaders: ({ type }) => ({ 'x-amzn-errortype': type }),
}

function event(type: string, payload: object): Buffer {
  return eventFrame({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload)
}

/** A frame: lengths and their checksum, headers, payload, and the checksum of everything. */
export function eventFrame(headers: Record<string, string>, payload: object): Buffer {
  const names = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)))
  const body = Buffer.from(JSON.stringify(payload))
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(8 + 4 + names.length + body.length + 4, 0)
  prelude.writeUInt32BE(names.length, 4)
  const start = Buffer.concat([prelude, checksum(prelude), names, body])
  return Buffer.concat([start, checksum(start)])
}

/** With a text as value. */
function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(Buffer.byteLength(value))
  return Buffer.concat([
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    Buffer.from([7]),
    length,
    Buffer.from(value),
  ])
}

function checksum(of: Buffer): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(of))
  return sum
}

function toolUses({ toolCalls = [] }: Answer) {
  return toolCalls.map(({ id, name, arguments: input }) => ({ toolUseId: id, name, input }))
}

function stopReason({ finish, toolCalls }: Answer): string {
  if (finish === 'length') return 'max_tokens'
  if (finish === 'content_filter') return 'content_filtered'
  return toolCalls ? 'tool_use' : 'end_turn'
}

/** Only tokens that are neither read from nor written to the cache count as input. */
function usageOf({ usage }: Answer): { usage?: object } {
  if (!usage) return {}
  const { input, cached = 0, cacheWrite = 0, output } = usage
  return {
    usage: {
      inputTokens: input - cached - cacheWrite,
      outputTokens: output,
      totalTokens: input + output,
      cacheReadInputTokens: cached,
      cacheWriteInputTokens: cacheWrite,
    },
  }
}
