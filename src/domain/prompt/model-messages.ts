/** Rendered prompts as messages of the AI SDK. */
import type { Json } from '../json/json.ts'
import type { FilePart, RenderedMessage } from './prompt.ts'

/** A file that a prompt refers to by its id. */
export interface LoadedFile {
  data: Uint8Array
  mediaType: string
}

/** A file as the AI SDK takes it. */
export interface ModelFile {
  type: 'file'
  data: URL | Uint8Array
  mediaType: string
  filename?: string
}

export interface SystemMessage {
  role: 'system'
  content: string
}

/** A message of the AI SDK. */
export type ModelMessage =
  | SystemMessage
  | { role: 'user'; content: ({ type: 'text'; text: string } | ModelFile)[] }
  | {
      role: 'assistant'
      content: (
        | { type: 'text'; text: string }
        | { type: 'tool-call'; toolCallId: string; toolName: string; input: unknown }
      )[]
    }
  | {
      role: 'tool'
      content: {
        type: 'tool-result'
        toolCallId: string
        toolName: string
        // biome-ignore lint/suspicious/noExplicitAny: the SDK has a type of its own for JSON
        output: { type: 'text'; value: string } | { type: 'json'; value: any }
      }[]
    }

/** The ids of the files that the messages show, each as often as it is shown. */
export function fileIdsIn(messages: readonly RenderedMessage[]): string[] {
  const parts = messages.flatMap((message) => (message.role === 'USER' ? message.content : []))
  return parts.flatMap((part) => (part.type !== 'text' && 'attachment' in part.source ? [part.source.attachment] : []))
}

/**
 * System messages at the beginning are instructions; later ones stay in their place.
 * @param files those of {@link fileIdsIn}, by id
 */
export function toModelMessages(
  messages: readonly RenderedMessage[],
  files: ReadonlyMap<string, LoadedFile>,
): { instructions: SystemMessage[]; messages: ModelMessage[] } {
  const first = messages.findIndex(({ role }) => role !== 'SYSTEM')
  const split = first === -1 ? messages.length : first
  const all = messages.map((message) => modelMessage(message, files))
  return { instructions: all.slice(0, split) as SystemMessage[], messages: all.slice(split) }
}

function modelMessage(message: RenderedMessage, files: ReadonlyMap<string, LoadedFile>): ModelMessage {
  switch (message.role) {
    case 'SYSTEM':
      return { role: 'system', content: message.content }
    case 'USER':
      return {
        role: 'user',
        content: message.content.map((part) => (part.type === 'text' ? part : modelFile(part, files))),
      }
    case 'ASSISTANT':
      return {
        role: 'assistant',
        content: message.content.map((part) =>
          part.type === 'text'
            ? part
            : { type: 'tool-call', toolCallId: part.id, toolName: part.name, input: part.arguments },
        ),
      }
    case 'TOOL':
      return {
        role: 'tool',
        content: message.content.map(({ id, name, output }) => ({
          type: 'tool-result',
          toolCallId: id,
          toolName: name,
          output: toolOutput(output),
        })),
      }
  }
}

function toolOutput(output: Json): { type: 'text'; value: string } | { type: 'json'; value: Json } {
  return typeof output === 'string' ? { type: 'text', value: output } : { type: 'json', value: output }
}

function modelFile({ type, source, mediaType, filename }: FilePart, files: ReadonlyMap<string, LoadedFile>): ModelFile {
  const named = filename === null ? {} : { filename }
  if ('attachment' in source) {
    const file = files.get(source.attachment) as LoadedFile
    return { type: 'file', data: file.data, mediaType: mediaType ?? file.mediaType, ...named }
  }
  const ofUrl = /^data:([^;,]+)/.exec(source.url)?.[1]
  const known = mediaType ?? (type === 'image' ? 'image' : (ofUrl ?? 'application/octet-stream'))
  return { type: 'file', data: new URL(source.url), mediaType: known, ...named }
}
