/**
 * What is known of the shapes in which values hold messages, files and calls of tools: those of Assay, the AI SDK, OpenAI
 * and Anthropic. Everything else is JSON.
 */

export interface Message {
  role: string
  content?: unknown
  [field: string]: unknown
}

export interface ToolCall {
  id: string | null
  name: string
  arguments: unknown
}

type FilePart = { kind: 'FILE'; id: string }
type MediaPart = { kind: 'MEDIA'; url: string; mediaType?: string; name?: string }

export type ContentPart =
  | FilePart
  | MediaPart
  | { kind: 'TEXT'; text: string }
  | { kind: 'CALL'; call: ToolCall }
  | { kind: 'RESULT'; name: string | null; value: unknown; failed: boolean }
  | { kind: 'OTHER'; value: unknown }

type JsonObject = Record<string, unknown>

/** A list of messages. */
export function isConversation(value: unknown): value is Message[] {
  return Array.isArray(value) && value.length > 0 && value.every(isMessage)
}

/** What a prompt with tools returns: its answer and the messages that led to it. */
export function isTrajectory(value: unknown): value is { answer: unknown; trajectory: Message[] } {
  return isObject(value) && 'answer' in value && isConversation(value.trajectory) && Object.keys(value).length === 2
}

function isMessage(value: unknown): value is Message {
  return (
    isObject(value) &&
    typeof value.role === 'string' &&
    ['content', 'toolCalls', 'tool_calls', 'result', 'error'].some((field) => field in value)
  )
}

/** What a message calls besides its content. */
export function callsOf(message: Message): ToolCall[] {
  const calls = message.toolCalls ?? message.tool_calls
  if (!Array.isArray(calls)) return []
  return calls.filter(isObject).map((call) => {
    const { name, arguments: given } = isObject(call.function) ? call.function : call
    return { id: textOf(call.id), name: textOf(name) ?? 'tool', arguments: parsed(given) }
  })
}

/** The content of a message in its parts; the result of a tool is one. */
export function partsOf(message: Message): ContentPart[] {
  const { role, content, result, error } = message
  const name = textOf(message.name)
  if (error !== undefined && error !== null) return [{ kind: 'RESULT', name, value: error, failed: true }]
  if (result !== undefined) return [{ kind: 'RESULT', name, value: result, failed: false }]
  if (role === 'tool') return [{ kind: 'RESULT', name, value: parsed(content), failed: false }]
  if (Array.isArray(content)) return content.map(partOf)
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'TEXT', text: content }]
  return content === undefined || content === null ? [] : [partOf(content)]
}

export function partOf(value: unknown): ContentPart {
  if (typeof value === 'string') return { kind: 'TEXT', text: value }
  if (!isObject(value)) return { kind: 'OTHER', value }
  if (typeof value.$file === 'string') return { kind: 'FILE', id: value.$file }
  const { type } = value
  if (type === 'text' || type === 'input_text' || type === 'output_text')
    return { kind: 'TEXT', text: String(value.text ?? '') }
  if (type === 'tool-call' || type === 'tool_use') {
    const call = {
      id: textOf(value.toolCallId ?? value.id),
      name: textOf(value.toolName ?? value.name) ?? 'tool',
      arguments: value.input ?? value.args,
    }
    return { kind: 'CALL', call }
  }
  if (type === 'tool-result' || type === 'tool_result') {
    return {
      kind: 'RESULT',
      name: textOf(value.toolName ?? value.name),
      value: value.output ?? value.result ?? value.content,
      failed: value.is_error === true,
    }
  }
  return mediaPart(value) ?? { kind: 'OTHER', value }
}

function mediaPart(value: JsonObject): MediaPart | FilePart | null {
  const { type } = value
  const mediaType = textOf(value.mediaType ?? value.media_type) ?? undefined
  const name = textOf(value.filename) ?? undefined
  if (type === 'image_url' || type === 'input_image') {
    const url = isObject(value.image_url) ? value.image_url.url : value.image_url
    return typeof url === 'string' ? { kind: 'MEDIA', url, mediaType: 'image/*' } : null
  }
  if (type === 'input_audio' && isObject(value.input_audio)) {
    const { data, format } = value.input_audio
    return { kind: 'MEDIA', url: `data:audio/${String(format ?? 'wav')};base64,${String(data)}` }
  }
  if (type !== 'image' && type !== 'audio' && type !== 'file' && type !== 'media' && type !== 'document') return null
  const source = value.image ?? value.audio ?? value.data ?? value.url ?? value.source
  if (isObject(source)) {
    if (typeof source.$file === 'string') return { kind: 'FILE', id: source.$file }
    if (typeof source.url === 'string') return { kind: 'MEDIA', url: source.url, mediaType, name }
    if (typeof source.data !== 'string') return null
    return { kind: 'MEDIA', url: `data:${textOf(source.media_type) ?? 'image/png'};base64,${source.data}`, name }
  }
  if (typeof source !== 'string') return null
  const url = /^(data:|https?:)/.test(source) ? source : `data:${mediaType ?? 'image/png'};base64,${source}`
  return { kind: 'MEDIA', url, mediaType: mediaType ?? (type === 'image' ? 'image/*' : undefined), name }
}

/** How many files of one value are shown. */
const maxMedia = 50

/** The files and data URLs in JSON, with where they are. */
export function mediaIn(value: object): { path: string; part: FilePart | MediaPart }[] {
  const found: { path: string; part: FilePart | MediaPart }[] = []
  collect(value, '')
  return found

  function collect(value: unknown, path: string) {
    if (found.length >= maxMedia) return
    if (typeof value === 'string') {
      if (/^data:(image|audio|video)\/[\w.+-]+;base64,/.test(value))
        found.push({ path, part: { kind: 'MEDIA', url: value } })
      return
    }
    if (Array.isArray(value)) return collectAll(Object.entries(value), path)
    if (!isObject(value)) return
    const part = partOf(value)
    if (part.kind === 'FILE' || part.kind === 'MEDIA') found.push({ path, part })
    else collectAll(Object.entries(value), path)
  }

  function collectAll(entries: [string, unknown][], path: string) {
    for (const [key, inner] of entries) collect(inner, path === '' ? key : `${path}.${key}`)
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Arguments come as JSON or as its text. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
