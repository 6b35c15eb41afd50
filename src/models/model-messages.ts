/** Rendered prompts as the messages of the SDK. */
import type { FilePart, ModelMessage, SystemModelMessage, ToolResultPart } from 'ai'
import { maxAttachmentBytesOfCall } from '../domain/attachment/limits.ts'
import { TaskError } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import type { FilePart as RenderedFile, RenderedMessage } from '../domain/prompt/prompt.ts'

/** A file that a prompt refers to by its id. */
export interface LoadedFile {
  data: Uint8Array
  mediaType: string
}

export type LoadFile = (id: string) => Promise<LoadedFile>

/**
 * System messages at the beginning are instructions; later ones stay in their place.
 * @throws {TaskError} INVALID_INPUT: attachments of more than 50 MB together, each as often as it is shown
 */
export async function modelMessages(
  messages: readonly RenderedMessage[],
  loadFile: LoadFile,
): Promise<{ instructions: SystemModelMessage[]; messages: ModelMessage[] }> {
  const first = messages.findIndex(({ role }) => role !== 'SYSTEM')
  const split = first === -1 ? messages.length : first
  const files = await loadFiles(messages, loadFile)
  const all = messages.map((message) => modelMessage(message, files))
  return { instructions: all.slice(0, split) as SystemModelMessage[], messages: all.slice(split) }
}

type Files = ReadonlyMap<string, LoadedFile>

async function loadFiles(messages: readonly RenderedMessage[], loadFile: LoadFile): Promise<Files> {
  const files = new Map<string, LoadedFile>()
  let bytes = 0
  for (const part of messages.flatMap(({ role, content }) => (role === 'USER' ? content : []))) {
    if (part.type === 'text' || !('attachment' in part.source)) continue
    const id = part.source.attachment
    const file = files.get(id) ?? (await loadFile(id))
    files.set(id, file)
    bytes += file.data.length
    if (bytes > maxAttachmentBytesOfCall) {
      const message = 'Expected files of at most 50 MB together in one prompt, got more.'
      throw new TaskError('INVALID_INPUT', message, { retryable: false })
    }
  }
  return files
}

function modelMessage(message: RenderedMessage, files: Files): ModelMessage {
  switch (message.role) {
    case 'SYSTEM':
      return { role: 'system', content: message.content }
    case 'USER': {
      const content = message.content.map((part) => (part.type === 'text' ? part : filePart(part, files)))
      return { role: 'user', content }
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

function filePart({ type, source, mediaType, filename }: RenderedFile, files: Files): FilePart {
  const named = filename === null ? {} : { filename }
  if ('attachment' in source) {
    const file = files.get(source.attachment) as LoadedFile
    return { type: 'file', data: file.data, mediaType: mediaType ?? file.mediaType, ...named }
  }
  const kind = mediaType ?? (type === 'image' ? 'image' : (dataUrlType(source.url) ?? 'application/octet-stream'))
  return { type: 'file', data: new URL(source.url), mediaType: kind, ...named }
}

function dataUrlType(url: string): string | undefined {
  return /^data:([^;,]+)/.exec(url)?.[1]
}
