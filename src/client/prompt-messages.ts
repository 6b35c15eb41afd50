/** Rendered prompts in the shapes that model libraries take. */
import { type FilePart, PromptError, type RenderedMessage } from '../domain/prompt/prompt.ts'

/** A message of text, as OpenAI's API and most libraries have it. */
export interface TextMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** A file as the AI SDK takes it. */
export interface ModelFile {
  type: 'file'
  data: URL | Uint8Array
  mediaType: string
  filename?: string
}

/** A message of the AI SDK. */
export type ModelMessage =
  | { role: 'system'; content: string }
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

/** What the functions of the AI SDK take: `generateText({ model, ...rendered })`. */
export interface ModelPrompt {
  /** The system messages at the beginning; left out if there are none. */
  instructions?: string
  messages: ModelMessage[]
}

/** Loads the file that a prompt refers to by its id. */
export type LoadAttachment = (id: string) => Promise<{ data: Uint8Array; mediaType: string }>

export async function modelPrompt(
  messages: readonly RenderedMessage[],
  loadAttachment: LoadAttachment,
): Promise<ModelPrompt> {
  const first = messages.findIndex(({ role }) => role !== 'SYSTEM')
  const split = first === -1 ? messages.length : first
  const all = await Promise.all(messages.map((message) => modelMessage(message, loadAttachment)))
  const instructions = all.slice(0, split).map(({ content }) => content)
  return { ...(split > 0 && { instructions: instructions.join('\n\n') }), messages: all.slice(split) }
}

/** @throws {PromptError} INVALID_INPUT for a message that is more than text */
export function textMessages(messages: readonly RenderedMessage[]): TextMessage[] {
  return messages.map((message) => {
    if (message.role === 'SYSTEM') return { role: 'system', content: message.content }
    const texts = message.content.map((part) => {
      if (part.type === 'text') return part.text
      const what = part.type === 'image' || part.type === 'file' ? `the ${part.type} of a user` : 'a call of a tool'
      throw new PromptError('INVALID_INPUT', `Expected only text in the messages, got ${what}: use \`render\`.`)
    })
    return { role: message.role === 'ASSISTANT' ? 'assistant' : 'user', content: texts.join('') }
  })
}

async function modelMessage(message: RenderedMessage, load: LoadAttachment): Promise<ModelMessage> {
  switch (message.role) {
    case 'SYSTEM':
      return { role: 'system', content: message.content }
    case 'USER': {
      const parts = message.content.map((part) => (part.type === 'text' ? part : modelFile(part, load)))
      return { role: 'user', content: await Promise.all(parts) }
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
          output: typeof output === 'string' ? { type: 'text', value: output } : { type: 'json', value: output },
        })),
      }
  }
}

async function modelFile(
  { type, source, mediaType, filename }: FilePart,
  loadAttachment: LoadAttachment,
): Promise<ModelFile> {
  const named = filename === null ? {} : { filename }
  if ('attachment' in source) {
    const file = await loadAttachment(source.attachment)
    return { type: 'file', data: file.data, mediaType: mediaType ?? file.mediaType, ...named }
  }
  const ofUrl = /^data:([^;,]+)/.exec(source.url)?.[1]
  const known = mediaType ?? (type === 'image' ? 'image' : (ofUrl ?? 'application/octet-stream'))
  return { type: 'file', data: new URL(source.url), mediaType: known, ...named }
}
