/** The messages of a chat as an item's input has them: in the format of OpenAI or of the AI SDK. */
import type { Json } from '../json/json.ts'
import { jsonExcerpt } from '../json/json-excerpt.ts'
import { isObject, partIn } from './file-parts.ts'
import {
  type FilePart,
  PromptError,
  type RenderedMessage,
  type TextPart,
  type ToolCallPart,
  type ToolResultPart,
} from './prompt.ts'

const roles = {
  system: 'SYSTEM',
  developer: 'SYSTEM',
  user: 'USER',
  human: 'USER',
  assistant: 'ASSISTANT',
  ai: 'ASSISTANT',
  model: 'ASSISTANT',
  tool: 'TOOL',
} as const

/** Whether a value is a list of messages, valid or not: a list of objects with a role. An empty list is one. */
export function isChat(value: Json): value is { [key: string]: Json }[] {
  return Array.isArray(value) && value.every((element) => isObject(element) && typeof element.role === 'string')
}

/**
 * The messages of a list.
 * @param path the variable that has the list, for messages of errors
 * @throws {PromptError} INVALID_INPUT, naming the message at fault
 */
export function readChat(chat: { [key: string]: Json }[], path: string): RenderedMessage[] {
  const toolNames = new Map<string, string>()
  return chat.map((message, index) => {
    const at = `${path}.${index}`
    const role = Object.entries(roles).find(([name]) => name === String(message.role).toLowerCase())?.[1]
    switch (role) {
      case 'SYSTEM':
        return { role, content: textIn(message.content, `${at}.content`) }
      case 'USER':
        return { role, content: partsIn(message.content, `${at}.content`) }
      case 'ASSISTANT': {
        const content = answerIn(message, at)
        for (const part of content) if (part.type === 'toolCall') toolNames.set(part.id, part.name)
        return { role, content }
      }
      case 'TOOL':
        return { role, content: resultsIn(message, at, toolNames) }
      default:
        throw invalid(`${at}.role`, `a role (${Object.keys(roles).join(', ')})`, message.role)
    }
  })
}

function textIn(content: Json | undefined, at: string): string {
  return partsIn(content, at)
    .map((part) => {
      if (part.type === 'text') return part.text
      throw invalid(at, 'text in a message of this role', content)
    })
    .join('')
}

function partsIn(content: Json | undefined, at: string): (TextPart | FilePart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw invalid(at, 'text or a list of parts', content)
  return content.map((element, index) => {
    const part = typeof element === 'string' ? { type: 'text' as const, text: element } : partIn(element)
    if (part === null) throw invalid(`${at}.${index}`, 'a part: text, an image or a file', element)
    return part
  })
}

function answerIn(message: { [key: string]: Json }, at: string): (TextPart | ToolCallPart)[] {
  const { content = null, tool_calls: calls = null } = message
  const elements = Array.isArray(content) ? content : []
  const parts = elements.map((element, index): TextPart | ToolCallPart => {
    const call = toolCallIn(element)
    if (call) return call
    return { type: 'text', text: textIn([element], `${at}.content.${index}`) }
  })
  if (!Array.isArray(content) && content !== null) parts.push({ type: 'text', text: textIn(content, `${at}.content`) })
  if (calls === null) return parts
  if (!Array.isArray(calls)) throw invalid(`${at}.tool_calls`, 'a list of calls', calls)
  const made = calls.map((element, index) => {
    const call = toolCallIn(element)
    if (call === null) throw invalid(`${at}.tool_calls.${index}`, 'a call with an id and a function', element)
    return call
  })
  return [...parts, ...made]
}

function toolCallIn(value: Json): ToolCallPart | null {
  if (!isObject(value)) return null
  if (value.type === 'tool-call' || value.type === 'tool_use') {
    const id = value.toolCallId ?? value.id
    const name = value.toolName ?? value.name
    const given = value.input ?? value.args ?? {}
    return typeof id === 'string' && typeof name === 'string' ? { type: 'toolCall', id, name, arguments: given } : null
  }
  const { id, function: called } = value
  if (typeof id !== 'string' || !isObject(called) || typeof called.name !== 'string') return null
  return { type: 'toolCall', id, name: called.name, arguments: argumentsIn(called.arguments) }
}

/** OpenAI's are JSON in a text. */
function argumentsIn(given: Json | undefined): Json {
  if (typeof given !== 'string') return given ?? {}
  try {
    return JSON.parse(given)
  } catch {
    return given
  }
}

function resultsIn(message: { [key: string]: Json }, at: string, names: Map<string, string>): ToolResultPart[] {
  const { content = null, tool_call_id: id } = message
  if (typeof id === 'string') {
    const name = names.get(id) ?? message.name
    if (typeof name !== 'string') throw invalid(`${at}.tool_call_id`, 'the id of a call in an earlier message', id)
    return [{ type: 'toolResult', id, name, output: content }]
  }
  if (!Array.isArray(content)) throw invalid(at, 'a tool_call_id, or a list of tool-result parts', message)
  return content.map((element, index) => {
    const result = isObject(element) ? element : {}
    const { toolCallId, toolName } = result
    if (typeof toolCallId !== 'string' || typeof toolName !== 'string')
      throw invalid(`${at}.content.${index}`, 'a tool-result part with a toolCallId and a toolName', element)
    const output = result.output ?? result.result ?? null
    const plain =
      isObject(output) && (output.type === 'text' || output.type === 'json') ? (output.value ?? null) : output
    return { type: 'toolResult', id: toolCallId, name: toolName, output: plain }
  })
}

function invalid(at: string, expected: string, got: Json | undefined): PromptError {
  return new PromptError('INVALID_INPUT', `The item's ${at}: expected ${expected}, got ${jsonExcerpt(got)}.`)
}
