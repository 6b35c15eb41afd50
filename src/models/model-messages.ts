/** Rendered prompts as the messages of the SDK. */
import type { FilePart, ModelMessage, SystemModelMessage, ToolResultPart } from 'ai'
import type { Json } from '../domain/json/json.ts'
import type { FilePart as RenderedFile, RenderedMessage } from '../domain/prompt/prompt.ts'

/** A file that a prompt refers to by its id. */
export interface LoadedFile {
  data: Uint8Array
  mediaType: string
}

export type LoadFile = (id: string) => Promise<LoadedFile>

/** System messages at the beginning are instructions; later ones stay in their place. */
export async function modelMessages(
  messages: readonly RenderedMessage[],
  loadFile: LoadFile,
): Promise<{ instructions: SystemModelMessage[]; messages: ModelMessage[] }> {
  const first = messages.findIndex(({ role }) => role !== 'SYSTEM')
  const split = first === -1 ? messages.length : first
  const all = await Promise.all(messages.map((message) => modelMessage(message, loadFile)))
  return { instructions: all.slice(0, split) as SystemModelMessage[], messages: all.slice(split) }
}

async function modelMessage(message: RenderedMessage, loadFile: LoadFile): Promise<ModelMessage> {
  switch (message.role) {
    case 'SYSTEM':
      return { role: 'system', content: message.content }
    case 'USER': {
      const parts = message.content.map((part) => (part.type === 'text' ? part : filePart(part, loadFile)))
      return { role: 'user', content: await Promise.all(parts) }
    }
    case 'ASSISTANT':
      return {
        role: 'assistant',
        content: message.content.map((part) =>
          part.type === 'text'
            ? part
            : { type: 'tool-call' as const, toolCallId: part.id, toolName: part.name, input: part.arguments },
        ),
      }
    case 'TOOL':
      return {
        role: 'tool',
        content: message.content.map(({ id, name, output }) => ({
          type: 'tool-result' as const,
          toolCallId: id,
          toolName: name,
          output: toolOutput(output),
        })),
      }
  }
}

function toolOutput(output: Json): ToolResultPart['output'] {
  return typeof output === 'string' ? { type: 'text', value: output } : { type: 'json', value: output as never }
}

async function filePart({ type, source, mediaType, filename }: RenderedFile, loadFile: LoadFile): Promise<FilePart> {
  const named = filename === null ? {} : { filename }
  if ('attachment' in source) {
    const file = await loadFile(source.attachment)
    return { type: 'file', data: file.data, mediaType: mediaType ?? file.mediaType, ...named }
  }
  const kind = mediaType ?? (type === 'image' ? 'image' : (dataUrlType(source.url) ?? 'application/octet-stream'))
  return { type: 'file', data: new URL(source.url), mediaType: kind, ...named }
}

function dataUrlType(url: string): string | undefined {
  return /^data:([^;,]+)/.exec(url)?.[1]
}
