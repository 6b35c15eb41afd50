import * as z from 'zod'
import type { Json } from '../domain/json/json.ts'
import { invalidInput, json, parseInput, text } from '../domain/parse-input.ts'
import { type ModelParameters, type PromptContent, type PromptTool, promptRoles } from '../domain/prompt/prompt.ts'
import { readTemplate, TemplateError } from '../domain/prompt/template.ts'
import { parseHttpTask } from './http.ts'
import { checkPromptSchemas } from './prompt-schema.ts'

const maxMessages = 200
const maxTools = 128
const maxBytes = 1_000_000
/** Calls of the model when nothing else is said: a loop of tools must end. */
export const defaultMaxSteps = 10

const jsonObject = json.refine(
  (value): value is { [key: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected a JSON object',
)
const positiveInteger = z.int().min(1)
const penalty = z.number().min(-2).max(2)

const parametersSchema = z.strictObject({
  temperature: z.number().min(0).nullish(),
  maxOutputTokens: positiveInteger.nullish(),
  topP: z.number().min(0).max(1).nullish(),
  topK: positiveInteger.nullish(),
  presencePenalty: penalty.nullish(),
  frequencyPenalty: penalty.nullish(),
  stopSequences: z.array(text.min(1)).max(16).nullish(),
  seed: z.int().nullish(),
  reasoningEffort: text.min(1).max(50).nullish(),
  providerOptions: z.record(text.min(1), jsonObject).nullish(),
})

const schema = z.strictObject({
  messages: z
    .array(z.strictObject({ role: z.enum(promptRoles), content: text }))
    .min(1, 'expected at least one message')
    .max(maxMessages),
  parameters: z.unknown().optional(),
  output: z.strictObject({ schema: json }).nullish(),
  tools: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1–64 letters, digits, _ or -'),
        description: text.nullish(),
        inputSchema: json,
        function: z.unknown().optional(),
      }),
    )
    .max(maxTools)
    .nullish(),
  maxSteps: z.int().min(1).max(100).nullish(),
})

/**
 * Checks the content of a prompt as passed by a client and fills in the defaults: no parameters, no tools, and at most
 * {@link defaultMaxSteps} steps. Null is the same as leaving a member out.
 * @param projectId projects take turns where a schema may take long to compile
 * @param path its position in the caller's input
 * @throws {InvalidInputError}
 */
export async function parsePromptContent(
  input: unknown,
  projectId: string,
  path: readonly string[],
): Promise<PromptContent> {
  const parsed = parseInput(schema, input, path)
  for (const [index, { content }] of parsed.messages.entries()) {
    requireTemplate(content, [...path, 'messages', String(index), 'content'])
  }
  const content: PromptContent = {
    messages: parsed.messages,
    parameters: parseModelParameters(parsed.parameters ?? {}, [...path, 'parameters']),
    ...(parsed.output && { output: parsed.output }),
    tools: (parsed.tools ?? []).map((tool, index) => parseTool(tool, [...path, 'tools', String(index)])),
    maxSteps: parsed.maxSteps ?? defaultMaxSteps,
  }
  const names = content.tools.map(({ name }) => name)
  const twice = names.findIndex((name, index) => names.indexOf(name) < index)
  if (twice !== -1)
    throw invalidInput([...path, 'tools', String(twice), 'name'], 'expected another name for each tool', names[twice])
  const bytes = Buffer.byteLength(JSON.stringify(content))
  if (bytes > maxBytes) throw invalidInput(path, 'expected at most 1 MB of JSON', `${bytes.toLocaleString('en')} bytes`)
  const ofOutput = content.output ? [{ schema: content.output.schema, at: [...path, 'output', 'schema'] }] : []
  const ofTools = content.tools.map(({ inputSchema }, index) => {
    return { schema: inputSchema, at: [...path, 'tools', String(index), 'inputSchema'] }
  })
  await checkPromptSchemas([...ofOutput, ...ofTools], projectId)
  return content
}

/**
 * Checks model parameters as passed by a client; null is the same as leaving a member out.
 * @throws {InvalidInputError}
 */
export function parseModelParameters(input: unknown, path: readonly string[]): ModelParameters {
  return present(parseInput(parametersSchema, input, path))
}

function parseTool(
  { name, description, inputSchema, function: bound }: NonNullable<z.output<typeof schema>['tools']>[number],
  path: readonly string[],
): PromptTool {
  const called = bound == null ? undefined : parseFunction(bound, [...path, 'function'])
  return { name, ...(description != null && { description }), inputSchema, ...(called && { function: called }) }
}

/** Whether a module of that name exists is known when it is called: prompts outlive the functions of a worker. */
function parseFunction(input: unknown, path: readonly string[]): NonNullable<PromptTool['function']> {
  const given = parseInput(z.strictObject({ module: z.string().nullish(), http: z.unknown().optional() }), input, path)
  if (given.module != null && given.http == null) {
    return { module: parseInput(text.min(1), given.module, [...path, 'module']) }
  }
  if (given.module == null && typeof given.http === 'object' && given.http !== null) {
    return { http: parseHttpTask({ ...given.http, kind: 'http' }, [...path, 'http']) }
  }
  throw invalidInput(path, 'expected exactly one of module and http', input)
}

function requireTemplate(text: string, path: readonly string[]): void {
  try {
    readTemplate(text)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw invalidInput(path, error.expected, error.got)
  }
}

function present<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
