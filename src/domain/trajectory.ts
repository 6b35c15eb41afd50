/**
 * What an agent did to come to its answer: messages, calls of tools and their results. A prompt with tools has it in its
 * output, as `{ answer, trajectory }`; other systems have it there as `trajectory` or `messages`, or are a list of messages.
 */
import type { Json } from './json/json.ts'

/** One call of a tool. */
export interface ToolCall {
  name: string
  arguments: Json
}

type JsonObject = { [key: string]: Json }

/** The trajectory in an output; null when it has none. */
export function trajectoryIn(output: Json): Json[] | null {
  if (isMessages(output)) return output
  if (!isObject(output)) return null
  return [output.trajectory, output.messages].find(isMessages) ?? null
}

/**
 * The calls of tools in a trajectory, in their order. It reads the messages of Assay, of OpenAI (`tool_calls`, and the items
 * `function_call` of responses), of Anthropic (`tool_use`) and of the AI SDK (`tool-call`).
 */
export function toolCallsOf(trajectory: readonly Json[]): ToolCall[] {
  return trajectory.filter(isObject).flatMap((message) => {
    const own = message.type === 'function_call' ? [message] : []
    const calls = [message.toolCalls, message.tool_calls, message.content].filter((part) => Array.isArray(part)).flat()
    return [...own, ...calls].flatMap((part) => toolCallIn(part) ?? [])
  })
}

/** Answers of the model in a trajectory: each is a step. */
export function stepsOf(trajectory: readonly Json[]): number {
  return trajectory.filter((message) => isObject(message) && answers.has(String(message.role ?? message.type))).length
}

const answers = new Set(['assistant', 'ai', 'model', 'function_call'])

function toolCallIn(part: Json): ToolCall | null {
  if (!isObject(part)) return null
  const isCall = part.type === undefined || callTypes.has(String(part.type))
  const { name, arguments: given } = isObject(part.function) ? part.function : part
  const called = name ?? part.toolName
  if (!isCall || typeof called !== 'string') return null
  return { name: called, arguments: argumentsOf(given ?? part.input ?? part.args ?? null) }
}

const callTypes = new Set(['function', 'function_call', 'tool_use', 'tool-call', 'tool_call'])

/** OpenAI has them as a text. */
function argumentsOf(given: Json): Json {
  if (typeof given !== 'string') return given
  try {
    return JSON.parse(given) as Json
  } catch {
    return given
  }
}

function isMessages(value: Json | undefined): value is Json[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((message) => isObject(message) && typeof (message.role ?? message.type) === 'string')
  )
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
