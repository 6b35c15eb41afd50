import { isDeepStrictEqual } from 'node:util'
import { diffArrays } from 'diff'
import type { Json } from '../json/json.ts'
import type { PromptContent, PromptMessage, PromptTool } from './prompt.ts'

/** A thing that is in both contents, equal or not, or only in one of them. */
export type Difference<T> =
  | { kind: 'SAME' | 'CHANGED'; before: T; after: T }
  | { kind: 'ADDED'; before: null; after: T }
  | { kind: 'REMOVED'; before: T; after: null }

/** A parameter that differs; null where it has the provider's default. */
export interface ParameterDifference {
  /** E.g. `temperature`, `providerOptions.openai` or `maxSteps`. */
  name: string
  before: Json
  after: Json
}

export interface ContentDifference {
  /** In the order in which a reader meets them. */
  messages: Difference<PromptMessage>[]
  parameters: ParameterDifference[]
  /** By name, in the order of the second content, removed ones last. */
  tools: Difference<PromptTool>[]
  /** The schema of the output; null when neither has one. */
  output: Difference<Json> | null
  /** Whether the contents are equal. */
  same: boolean
}

/**
 * How a content differs from an earlier one. Messages are aligned: equal ones first, then those between them by role.
 */
export function diffContents(before: PromptContent, after: PromptContent): ContentDifference {
  const messages = diffMessages(before.messages, after.messages)
  const parameters = diffParameters(before, after)
  const tools = diffTools(before.tools, after.tools)
  const output = before.output || after.output ? difference(before.output?.schema, after.output?.schema) : null
  const isSame = ({ kind }: { kind: string }) => kind === 'SAME'
  const same =
    parameters.length === 0 && messages.every(isSame) && tools.every(isSame) && (output === null || isSame(output))
  return { messages, parameters, tools, output, same }
}

function difference<T>(before: T | undefined, after: T | undefined): Difference<T> {
  if (after === undefined) return { kind: 'REMOVED', before: before as T, after: null }
  if (before === undefined) return { kind: 'ADDED', before: null, after }
  return { kind: isDeepStrictEqual(before, after) ? 'SAME' : 'CHANGED', before, after }
}

function diffMessages(before: PromptMessage[], after: PromptMessage[]): Difference<PromptMessage>[] {
  const differences: Difference<PromptMessage>[] = []
  let [old, current] = [0, 0]
  let removed: PromptMessage[] = []
  for (const change of diffArrays(before.map(keyOf), after.map(keyOf))) {
    if (change.removed) {
      removed = before.slice(old, old + change.value.length)
      old += removed.length
      continue
    }
    const messages = after.slice(current, current + change.value.length)
    current += messages.length
    differences.push(...pairByRole(removed, change.added ? messages : []))
    removed = []
    if (change.added) continue
    old += messages.length
    differences.push(...messages.map((message) => difference(message, message)))
  }
  return [...differences, ...pairByRole(removed, [])]
}

/** Equal for equal messages. */
function keyOf({ role, content }: PromptMessage): string {
  return `${role} ${content}`
}

/** Messages that are all different: the next one of the same role is what a message became. */
function pairByRole(removed: readonly PromptMessage[], added: readonly PromptMessage[]): Difference<PromptMessage>[] {
  const differences: Difference<PromptMessage>[] = []
  let next = 0
  for (const message of removed) {
    const match = added.findIndex(({ role }, index) => index >= next && role === message.role)
    const until = match === -1 ? next : match
    differences.push(...added.slice(next, until).map((one) => difference<PromptMessage>(undefined, one)))
    differences.push(difference(message, match === -1 ? undefined : added[match]))
    next = match === -1 ? until : match + 1
  }
  return [...differences, ...added.slice(next).map((one) => difference<PromptMessage>(undefined, one))]
}

function diffParameters(before: PromptContent, after: PromptContent): ParameterDifference[] {
  const [old, current] = [parametersOf(before), parametersOf(after)]
  return [...new Set([...old.keys(), ...current.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? null, after: current.get(name) ?? null }))
    .filter((parameter) => !isDeepStrictEqual(parameter.before, parameter.after))
}

function parametersOf({ parameters: { providerOptions = {}, ...parameters }, maxSteps }: PromptContent) {
  const ofProviders = Object.entries(providerOptions).map(
    ([name, value]) => [`providerOptions.${name}`, value] as const,
  )
  return new Map<string, Json>([...Object.entries(parameters), ...ofProviders, ['maxSteps', maxSteps]])
}

function diffTools(before: PromptTool[], after: PromptTool[]): Difference<PromptTool>[] {
  const named = (tools: PromptTool[], name: string) => tools.find((tool) => tool.name === name)
  return [
    ...after.map((tool) => difference(named(before, tool.name), tool)),
    ...before.filter(({ name }) => !named(after, name)).map((tool) => difference<PromptTool>(tool, undefined)),
  ]
}
