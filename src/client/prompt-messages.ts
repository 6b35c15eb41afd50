/** Rendered prompts in the shapes that model libraries take. */
import { fileIdsIn, type LoadedFile, type ModelMessage, toModelMessages } from '../domain/prompt/model-messages.ts'
import { PromptError, type RenderedMessage } from '../domain/prompt/prompt.ts'

/** A message of text, as OpenAI's API and most libraries have it. */
export interface TextMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** What the functions of the AI SDK take: `generateText({ model, ...rendered })`. */
export interface ModelPrompt {
  /** The system messages at the beginning; left out if there are none. */
  instructions?: string
  messages: ModelMessage[]
}

/** Loads the file that a prompt refers to by its id. */
export type LoadAttachment = (id: string) => Promise<LoadedFile>

export async function modelPrompt(
  messages: readonly RenderedMessage[],
  loadAttachment: LoadAttachment,
): Promise<ModelPrompt> {
  const ids = [...new Set(fileIdsIn(messages))]
  const files = new Map(await Promise.all(ids.map(async (id) => [id, await loadAttachment(id)] as const)))
  const { instructions, messages: others } = toModelMessages(messages, files)
  const texts = instructions.map(({ content }) => content)
  return { ...(texts.length > 0 && { instructions: texts.join('\n\n') }), messages: others }
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
