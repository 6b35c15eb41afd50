import type { HttpTaskSpec } from '../execution/http-task.ts'
import type { Json } from '../json/json.ts'

export const promptRoles = ['SYSTEM', 'USER', 'ASSISTANT'] as const
export type PromptRole = (typeof promptRoles)[number]

/** A message whose content is a template (template.ts). */
export interface PromptMessage {
  role: PromptRole
  content: string
}

/** Members that are left out have the provider's default. */
export interface ModelParameters {
  temperature?: number
  maxOutputTokens?: number
  topP?: number
  topK?: number
  presencePenalty?: number
  frequencyPenalty?: number
  stopSequences?: string[]
  seed?: number
  reasoningEffort?: string
  /** By provider, passed on as they are. */
  providerOptions?: Record<string, { [key: string]: Json }>
}

/** A tool that the model may call; without a function its calls are recorded and end the conversation. */
export interface PromptTool {
  name: string
  description?: string
  /** JSON Schema of the arguments. */
  inputSchema: Json
  function?: { module: string } | { http: HttpTaskSpec }
}

/** What a version of a prompt consists of. */
export interface PromptContent {
  messages: PromptMessage[]
  parameters: ModelParameters
  /** Structured output: the answer is JSON that satisfies the schema. */
  output?: { schema: Json }
  tools: PromptTool[]
  /** Calls of the model at most, when tools with functions are called. */
  maxSteps: number
}

/** A prompt that something refers to by a version or a label; with neither by its newest version. */
export interface NamedPrompt {
  id: string
  /** Its name when it was referred to. */
  name: string
  version: number | null
  label: string | null
}

/** Where a task has its prompt from: its content, or a prompt of the project. */
export type PromptReference = { content: PromptContent } | { prompt: NamedPrompt }

/** The content that a reference had when a run started; null for `version` if the reference was the content itself. */
export interface PinnedPrompt {
  content: PromptContent
  /** The version of `prompt` that was used, by its raw id and its number. */
  version: { id: string; number: number } | null
  prompt: NamedPrompt | null
}

export interface TextPart {
  type: 'text'
  text: string
}

/** An image, or any other file. */
export interface FilePart {
  type: 'image' | 'file'
  /** A data URL or an https URL, or the global id of an attachment. */
  source: { url: string } | { attachment: string }
  /** Null when it is not said: an attachment has its own. */
  mediaType: string | null
  filename: string | null
}

export interface ToolCallPart {
  type: 'toolCall'
  id: string
  name: string
  arguments: Json
}

export interface ToolResultPart {
  type: 'toolResult'
  id: string
  name: string
  output: Json
}

/** A message as the model gets it; TOOL only in the messages of an input. */
export type RenderedMessage =
  | { role: 'SYSTEM'; content: string }
  | { role: 'USER'; content: (TextPart | FilePart)[] }
  | { role: 'ASSISTANT'; content: (TextPart | ToolCallPart)[] }
  | { role: 'TOOL'; content: ToolResultPart[] }

export interface RenderedPrompt {
  messages: RenderedMessage[]
}

/** Why a prompt cannot be rendered for an item. */
export class PromptError extends Error {
  readonly code: 'VARIABLE_MISSING' | 'INVALID_INPUT'
  /** The variable at fault as the template has it, e.g. `customer.name`. */
  readonly variable: string | null

  constructor(code: PromptError['code'], message: string, variable: string | null = null) {
    super(message)
    this.name = 'PromptError'
    this.code = code
    this.variable = variable
  }
}
