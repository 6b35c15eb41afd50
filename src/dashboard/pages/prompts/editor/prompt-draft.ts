/** A prompt as its form has it: everything as somebody types it. */
import type {
  ModelParametersInput,
  PromptContentInput,
  PromptContentPartsFragment,
  PromptRole,
  PromptToolInput,
} from '../../../gql/graphql.ts'

export interface MessageDraft {
  /** Tells messages apart while they move. */
  key: number
  role: PromptRole
  content: string
}

export interface ParametersDraft {
  temperature: number | string
  maxOutputTokens: number | string
  topP: number | string
  topK: number | string
  presencePenalty: number | string
  frequencyPenalty: number | string
  seed: number | string
  reasoningEffort: string
  stopSequences: string[]
  /** JSON; empty: none. */
  providerOptions: string
}

export interface PromptDraft {
  messages: MessageDraft[]
  parameters: ParametersDraft
  /** JSON Schema; empty: the answer is text. */
  outputSchema: string
  /** JSON, a list; empty: none. */
  tools: string
  maxSteps: number | string
}

/** Problems by field: `messages.0`, `outputSchema`, `tools`, `maxSteps`, `parameters.temperature`. */
export type DraftProblems = Readonly<Record<string, string>>

export const emptyParameters: ParametersDraft = {
  temperature: '',
  maxOutputTokens: '',
  topP: '',
  topK: '',
  presencePenalty: '',
  frequencyPenalty: '',
  seed: '',
  reasoningEffort: '',
  stopSequences: [],
  providerOptions: '',
}

let keys = 0

export function messageDraft(role: PromptRole, content = ''): MessageDraft {
  keys += 1
  return { key: keys, role, content }
}

export function emptyDraft(): PromptDraft {
  return {
    messages: [messageDraft('SYSTEM'), messageDraft('USER')],
    parameters: emptyParameters,
    outputSchema: '',
    tools: '',
    maxSteps: '',
  }
}

export function draftOf({
  messages,
  parameters,
  outputSchema,
  tools,
  maxSteps,
}: PromptContentPartsFragment): PromptDraft {
  return {
    messages: messages.map(({ role, content }) => messageDraft(role, content)),
    parameters: parametersDraft(parameters),
    outputSchema: outputSchema === null || outputSchema === undefined ? '' : write(outputSchema),
    tools: tools.length === 0 ? '' : write(tools.map(toolInput)),
    maxSteps: tools.length === 0 ? '' : maxSteps,
  }
}

export function parametersDraft(parameters: PromptContentPartsFragment['parameters']): ParametersDraft {
  const { providerOptions } = parameters
  return {
    temperature: parameters.temperature ?? '',
    maxOutputTokens: parameters.maxOutputTokens ?? '',
    topP: parameters.topP ?? '',
    topK: parameters.topK ?? '',
    presencePenalty: parameters.presencePenalty ?? '',
    frequencyPenalty: parameters.frequencyPenalty ?? '',
    seed: parameters.seed ?? '',
    reasoningEffort: parameters.reasoningEffort ?? '',
    stopSequences: parameters.stopSequences ?? [],
    providerOptions: providerOptions === null || providerOptions === undefined ? '' : write(providerOptions),
  }
}

/** Parameters with those of `over` in place of the same ones below. */
export function mergedParameters(below: ParametersDraft, over: ParametersDraft): ParametersDraft {
  const set = Object.entries(over).filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0))
  return { ...below, ...Object.fromEntries(set) }
}

function toolInput({ name, description, inputSchema, function: called }: PromptContentPartsFragment['tools'][number]) {
  const bound = called && (called.__typename === 'ModuleTool' ? { module: called.name } : { http: httpInput(called) })
  return { name, ...(description ? { description } : {}), inputSchema, ...(bound ? { function: bound } : {}) }
}

type BoundHttp = Extract<NonNullable<PromptContentPartsFragment['tools'][number]['function']>, { url: string }>

function httpInput({ __typename, ...http }: BoundHttp) {
  return Object.fromEntries(Object.entries(http).filter(([, value]) => value !== null))
}

/** Of a draft without problems. */
export function contentOf({ messages, parameters, outputSchema, tools, maxSteps }: PromptDraft): PromptContentInput {
  const given = messages.filter(({ content }) => content.trim() !== '')
  return {
    messages: given.map(({ role, content }) => ({ role, content })),
    parameters: parametersOf(parameters),
    outputSchema: outputSchema.trim() === '' ? null : JSON.parse(outputSchema),
    tools: tools.trim() === '' ? [] : (JSON.parse(tools) as PromptToolInput[]),
    maxSteps: typeof maxSteps === 'number' ? maxSteps : null,
  }
}

export function parametersOf(draft: ParametersDraft): ModelParametersInput {
  return {
    temperature: numberOf(draft.temperature),
    maxOutputTokens: numberOf(draft.maxOutputTokens),
    topP: numberOf(draft.topP),
    topK: numberOf(draft.topK),
    presencePenalty: numberOf(draft.presencePenalty),
    frequencyPenalty: numberOf(draft.frequencyPenalty),
    seed: numberOf(draft.seed),
    reasoningEffort: draft.reasoningEffort || null,
    stopSequences: draft.stopSequences.length > 0 ? draft.stopSequences : null,
    providerOptions: draft.providerOptions.trim() === '' ? null : JSON.parse(draft.providerOptions),
  }
}

/** What can be told before asking the server. */
export function draftProblems({ messages, outputSchema, tools, parameters }: PromptDraft): DraftProblems {
  const found: Record<string, string | undefined> = {
    outputSchema: jsonProblem(outputSchema),
    tools:
      jsonProblem(tools) ??
      (isList(tools) ? undefined : 'Expected a list of tools: [{ "name": …, "inputSchema": … }].'),
    'parameters.providerOptions': jsonProblem(parameters.providerOptions),
  }
  if (messages.every(({ content }) => content.trim() === '')) {
    found[`messages.${Math.max(0, messages.length - 1)}`] = 'Expected a message with text, got none.'
  }
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** The field that a path of the server's refusal is about; null for none of them. */
export function draftFieldOf(path: readonly string[] | null, { messages }: PromptDraft): string | null {
  const parts = path ?? []
  const at = parts.findIndex((part) => ['messages', 'outputSchema', 'tools', 'maxSteps', 'parameters'].includes(part))
  const [field, member] = parts.slice(Math.max(0, at))
  if (at === -1 || field === undefined) return null
  if (field === 'parameters') return `parameters.${member ?? 'providerOptions'}`
  if (field !== 'messages') return field
  // Empty messages are not sent: the server counts without them.
  const sent = messages.filter(({ content }) => content.trim() !== '')[Number(member ?? 0)]
  return `messages.${sent ? messages.indexOf(sent) : 0}`
}

export function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`
  }
}

function isList(text: string): boolean {
  return text.trim() === '' || Array.isArray(JSON.parse(text))
}

function numberOf(value: number | string): number | null {
  return typeof value === 'number' ? value : null
}

function write(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
