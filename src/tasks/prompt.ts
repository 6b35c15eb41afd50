/**
 * Calls a model with a prompt once per item. The output is the answer; of a prompt with tools it is `{ answer, trajectory }`,
 * with the messages and calls of tools that led to it.
 */
import * as z from 'zod'
import type { PromptTaskSpec } from '../domain/execution/prompt-task.ts'
import { type Task, type TaskContext, TaskError, type TaskItem } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { name, optional, parseInput, text } from '../domain/parse-input.ts'
import { type PromptContent, PromptError, type PromptTool } from '../domain/prompt/prompt.ts'
import { renderPrompt } from '../domain/prompt/render-prompt.ts'
import type { ModelTool } from '../models/call-model.ts'
import { fileDownload } from '../models/download.ts'
import { type LoadFile, modelMessages } from '../models/model-messages.ts'
import { type ModelAccess, openModel } from '../models/open-model.ts'
import { providerFetch } from '../models/provider-fetch.ts'
import { callTask } from './call-task.ts'
import type { HttpClient } from './http-client.ts'
import { parseModelParameters } from './prompt-content.ts'
import { answerCheck } from './prompt-schema.ts'

const timeout = optional(z.int().min(1).max(3_600_000), null)

/** A pause this long within an answer is a stall. */
const defaultNextTokenTimeoutMs = 60_000

const schema = z.strictObject({
  kind: z.literal('prompt'),
  provider: name,
  model: text.min(1).max(200),
  prompt: z.unknown(),
  parameters: z.unknown().optional(),
  stream: optional(z.boolean(), true),
  firstTokenTimeoutMs: timeout,
  nextTokenTimeoutMs: optional(z.int().min(1).max(3_600_000), defaultNextTokenTimeoutMs),
})

/** Everything but the prompt, whose reference is for the engine to resolve. @throws {InvalidInputError} */
export function parsePromptTask(
  input: unknown,
  path: readonly string[],
): Omit<PromptTaskSpec, 'prompt'> & { prompt: unknown } {
  const { parameters, prompt, ...spec } = parseInput(schema, input, path)
  return { ...spec, prompt, parameters: parseModelParameters(parameters ?? {}, [...path, 'parameters']) }
}

/** What calls of models need of the process. */
export interface PromptTaskParts {
  projectId: string
  http: HttpClient
  /** The provider with its key. @throws {TaskError} when it cannot be used */
  connect: () => Promise<ModelAccess>
  loadFile: LoadFile
  /** The task behind a tool. */
  createFunction: (bound: NonNullable<PromptTool['function']>) => Task
}

export function createPromptTask(spec: PromptTaskSpec, parts: PromptTaskParts, now: () => number): Task {
  const content = contentOf(spec)
  const output = content.output && {
    schema: content.output.schema,
    check: answerCheck(content.output.schema, parts.projectId),
  }
  const tools = content.tools.map((tool) => ({ ...tool, task: tool.function && parts.createFunction(tool.function) }))
  const fetch = providerFetch(parts.http.dispatcher)
  const download = fileDownload(fetch)
  let opening: ReturnType<typeof open> | null = null
  const open = async () => {
    const access = await parts.connect()
    return { access, model: await openModel(access, spec.model, fetch) }
  }
  const opened = () => {
    // One that failed is tried again: somebody may have set the key meanwhile.
    opening ??= open().catch((error) => {
      opening = null
      throw error
    })
    return opening
  }

  return async (item, context) => {
    const rendered = renderPrompt(content, item)
    if (rendered instanceof PromptError) throw new TaskError(rendered.code, rendered.message, { retryable: false })
    const call = {
      ...(await opened()),
      ...(await modelMessages(rendered.messages, parts.loadFile)),
      parameters: { ...content.parameters, ...spec.parameters },
      output: output ?? null,
      tools: tools.map((tool) => runnable(tool, item, context)),
      maxSteps: content.maxSteps,
      stream: spec.stream,
      firstTokenTimeoutMs: spec.firstTokenTimeoutMs,
      nextTokenTimeoutMs: spec.nextTokenTimeoutMs,
      prices: spec.prices ?? null,
      download,
    }
    // Not before it is needed: a server checks prompts, and calls none.
    const { callModel } = await import('../models/call-model.ts')
    return callModel(call, context, now)
  }
}

/** @throws {Error} when the run has not pinned it */
function contentOf({ prompt }: PromptTaskSpec): PromptContent {
  if ('content' in prompt) return prompt.content
  throw new Error(`the prompt "${prompt.prompt.name}" of this run has no content`)
}

/** A tool's function gets its arguments as the input; everything else is the item's. */
function runnable(
  { name, description, inputSchema, task }: PromptTool & { task?: Task },
  item: TaskItem,
  { traceparent }: TaskContext,
): ModelTool {
  const run = async (task: Task, input: Json, signal: AbortSignal) =>
    (await callTask(task, { ...item, input }, { timeoutMs: toolTimeoutMs, signal, traceparent })).output
  return { name, description, inputSchema, ...(task && { run: (input, signal) => run(task, input, signal) }) }
}

/** At most; the timeout of the whole call is the item's. */
const toolTimeoutMs = 3_600_000
