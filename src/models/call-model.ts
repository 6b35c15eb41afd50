/** Calls of models through the SDK, as a task, a judge or a test of a provider makes them. */
import type { LanguageModelV4 } from '@ai-sdk/provider'
import {
  generateText,
  jsonSchema,
  type ModelMessage,
  Output,
  type StepResult,
  type SystemModelMessage,
  stepCountIs,
  streamText,
  type ToolSet,
  tool,
} from 'ai'
import { excerpt } from '../domain/excerpt.ts'
import { FunctionsUnavailableError } from '../domain/execution/functions.ts'
import { type TaskContext, TaskError, type TaskResult } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import type { JsonSchemaViolation } from '../domain/json/json-schema.ts'
import { toJson } from '../domain/json/to-json.ts'
import type { ModelPrices } from '../domain/model/generation.ts'
import type { ModelParameters } from '../domain/prompt/prompt.ts'
import { countCalls } from './counted-calls.ts'
import { type DownloadFile, downloads } from './download.ts'
import { FirstTokenLimit } from './first-token-limit.ts'
import { generationOf } from './generation.ts'
import { modelError } from './model-error.ts'
import { traceModelCalls } from './model-spans.ts'
import type { ModelAccess } from './open-model.ts'
import { resetOf } from './rate-limits.ts'
import { type ModelFeature, RefusedFeatureError, refusedFeature } from './refused-feature.ts'
import { trajectoryOf } from './trajectory.ts'

/** A tool that the model may call. Without `run`, its calls are recorded and end the conversation. */
export interface ModelTool {
  name: string
  description?: string
  inputSchema: Json
  run?: (input: Json, signal: AbortSignal) => Promise<Json>
}

/** Returns the first violation, or null when the answer satisfies the schema. @throws {TaskError} it takes too long */
export type AnswerCheck = (answer: Json) => JsonSchemaViolation | null | Promise<JsonSchemaViolation | null>

export interface ModelCall {
  access: ModelAccess
  model: LanguageModelV4
  instructions: SystemModelMessage[]
  messages: ModelMessage[]
  parameters: ModelParameters
  /** Structured output; null for text. Without a check, the caller reads the answer itself, which stays a text. */
  output: { schema: Json; check: AnswerCheck | null } | null
  tools: readonly ModelTool[]
  /** Whether the model must call a tool; default: as it likes. */
  toolChoice?: 'required'
  /** Calls of the model at most. */
  maxSteps: number
  /** Whether the answer is streamed, so that it can be followed, and stalls are noticed. */
  stream: boolean
  /** For streams, in milliseconds; null: as long as the whole call may take. */
  firstTokenTimeoutMs: number | null
  nextTokenTimeoutMs: number | null
  /** The project's prices of the model; null for none. */
  prices: ModelPrices | null
  download: DownloadFile
}

/**
 * Calls a model, and again with the results of the tools that it calls. The output is the answer: a text, or JSON that
 * satisfies the schema. With tools it is `{ answer, trajectory }`.
 * @param now milliseconds since the epoch
 * @throws {TaskError} for every failure, with what the call has used so far; when the signal aborts, whatever it likes
 * @throws {FunctionsUnavailableError} a tool has no process to run in, with what the call has used so far
 */
export async function callModel(
  call: ModelCall,
  context: TaskContext,
  now: () => number = Date.now,
): Promise<TaskResult> {
  const { access, model, tools } = call
  const steps: StepResult<ToolSet>[] = []
  const conversation: Conversation = { steps, unavailable: null }
  const spent = () => generationOf(steps, call, new Date(now()))
  try {
    await (call.stream ? stream : generate)(call, context, conversation, now)
    if (conversation.unavailable) throw conversation.unavailable
    const answer = await answerOf(steps, call.output, context)
    const { headers = {} } = steps.at(-1)?.response ?? {}
    const output = tools.length === 0 ? answer : { answer, trajectory: toJson(trajectoryOf(steps)) }
    return { output, ...spent(), pauseMs: resetOf(headers, now()) }
  } catch (error) {
    if (conversation.unavailable) {
      throw new FunctionsUnavailableError(conversation.unavailable.message, steps.length > 0 ? spent() : null)
    }
    const failure = modelError(error, access, model.modelId, now())
    const { code, message, retryable, retryAfterMs, overloaded, stopsRun } = failure
    const options = { retryable, retryAfterMs, overloaded, stopsRun, spent: steps.length > 0 ? spent() : null }
    const feature = refusedFeature(error, featuresOf(call))
    throw feature ? new RefusedFeatureError(feature, code, message, options) : new TaskError(code, message, options)
  }
}

interface Conversation {
  /** Those that have ended. */
  steps: StepResult<ToolSet>[]
  /** Why a tool could not be run in this process. The model is not told: the conversation ends, to be held elsewhere. */
  unavailable: FunctionsUnavailableError | null
}

type Calling = [call: ModelCall, context: TaskContext, conversation: Conversation, now: () => number]

async function generate(...calling: Calling): Promise<void> {
  await generateText(options(...calling))
}

async function stream(...calling: Calling): Promise<void> {
  const [call, context] = calling
  const { firstTokenTimeoutMs, nextTokenTimeoutMs } = call
  const limit = firstTokenTimeoutMs === null ? null : new FirstTokenLimit(firstTokenTimeoutMs)
  const shared = options(...calling)
  const { stream } = streamText({
    ...shared,
    ...(limit && limited(shared, limit, context.signal)),
    timeout: { chunkMs: nextTokenTimeoutMs ?? undefined },
    // Without it, errors are written to the console.
    onError: () => {},
  })
  try {
    for await (const part of stream) {
      if (tokens.has(part.type)) limit?.stop()
      if (part.type === 'text-delta') context.follow?.(part.text)
      else if (part.type === 'error') throw part.error
      else if (part.type === 'abort') {
        context.signal.throwIfAborted()
        throw stalled(call, limit)
      }
    }
  } catch (error) {
    throw limit?.isExpired && !context.signal.aborted ? stalled(call, limit) : error
  } finally {
    limit?.stop()
  }
}

const tokens = new Set(['text-delta', 'reasoning-delta', 'tool-input-start', 'tool-call', 'finish-step'])

function limited(shared: ReturnType<typeof options>, limit: FirstTokenLimit, outer: AbortSignal) {
  const onLanguageModelCallStart = () => {
    limit.start()
    shared.onLanguageModelCallStart?.()
  }
  return { abortSignal: limit.signal(outer), onLanguageModelCallStart }
}

function stalled({ firstTokenTimeoutMs, nextTokenTimeoutMs }: ModelCall, limit: FirstTokenLimit | null): TaskError {
  const message = limit?.isExpired
    ? `No token within ${firstTokenTimeoutMs} ms.`
    : `No further token within ${nextTokenTimeoutMs} ms.`
  return new TaskError('TIMEOUT', message, { retryable: true })
}

/** What both ways of calling share. */
function options(...[call, context, conversation, now]: Calling) {
  const { model, instructions, messages, output, tools, maxSteps } = call
  const { reasoningEffort, providerOptions, ...settings } = call.parameters
  const isRepeated = maxSteps > 1 && tools.some(({ run }) => run)
  return {
    ...(isRepeated && context.calls ? countCalls(model, context.calls, now) : { model }),
    ...(instructions.length > 0 && { instructions }),
    messages,
    // A chat may have them in other places too.
    allowSystemInMessages: true,
    ...settings,
    ...(reasoningEffort !== undefined && { reasoning: reasoningEffort as 'medium' }),
    ...(providerOptions && { providerOptions: providerOptions as never }),
    ...(output && { output: structured(output.schema) }),
    ...(tools.length > 0 && {
      tools: Object.fromEntries(tools.map((each) => [each.name, sdkTool(each, conversation)])) as ToolSet,
      ...(call.toolChoice && { toolChoice: call.toolChoice }),
    }),
    stopWhen: [stepCountIs(maxSteps), () => conversation.unavailable !== null],
    // The engine decides on retries.
    maxRetries: 0,
    abortSignal: context.signal,
    headers: { traceparent: context.traceparent },
    experimental_download: downloads(call.download),
    ...traceModelCalls(call, context),
    onStepEnd: (step: StepResult<ToolSet>) => {
      conversation.steps.push(step)
    },
  }
}

/** The format is the SDK's. Its answer is read and checked once, when it is complete. */
function structured(schema: Json): Output.Output<string, string, never> {
  return {
    ...Output.object({ schema: jsonSchema(schema as never) }),
    parsePartialOutput: async ({ text }) => ({ partial: text }),
    parseCompleteOutput: async ({ text }) => text,
    createElementStreamTransform: () => undefined,
  }
}

function sdkTool({ description, inputSchema, run }: ModelTool, conversation: Conversation) {
  const note = (error: unknown) => {
    if (error instanceof FunctionsUnavailableError) conversation.unavailable ??= error
    throw error
  }
  return tool({
    description,
    inputSchema: jsonSchema<unknown>(inputSchema as never),
    ...(run && {
      execute: (input: unknown, { abortSignal }: { abortSignal?: AbortSignal }) =>
        run(toJson(input ?? null), abortSignal ?? new AbortController().signal).catch(note),
    }),
  } as never)
}

/** What a model has to know for a call, apart from the messages. */
function featuresOf({ output, tools, parameters }: ModelCall): ModelFeature[] {
  const features: ModelFeature[] = []
  if (output) features.push('schema')
  if (tools.length > 0) features.push('tools')
  if (parameters.temperature !== undefined) features.push('temperature')
  return features
}

/** A stream without its last event. */
function interrupted({ finishReason, usage, text }: StepResult<ToolSet>): boolean {
  return finishReason === 'interrupted' || (finishReason === 'other' && text === '' && usage.outputTokens === undefined)
}

async function answerOf(
  steps: readonly StepResult<ToolSet>[],
  output: ModelCall['output'],
  { uncounted = (begin) => begin() }: TaskContext,
): Promise<Json> {
  const last = steps.at(-1)
  if (!last) throw new TaskError('INVALID_OUTPUT', 'The model ended without an answer.', { retryable: true })
  const { text, finishReason, content } = last
  if (finishReason === 'content-filter') {
    const message = `The provider's filter ended the answer${text ? `: ${excerpt(text)}` : ' before it began.'}`
    throw new TaskError('CONTENT_FILTERED', message, { retryable: false })
  }
  if (finishReason === 'error' || interrupted(last)) {
    throw new TaskError('MALFORMED_RESPONSE', 'The answer ended before it was complete.', { retryable: true })
  }
  if (!output?.check) return text
  const invalid = (what: string) => new TaskError('INVALID_OUTPUT', `Expected ${what}`, { retryable: true })
  if (finishReason === 'tool-calls' && content.every(({ type }) => type !== 'text')) {
    throw invalid(`an answer within ${steps.length} calls of the model, got more calls of tools.`)
  }
  const cut = finishReason === 'length' ? ' It was cut at the maximum of output tokens.' : ''
  let answer: Json
  try {
    answer = JSON.parse(text)
  } catch {
    throw invalid(`JSON as the output's schema demands, got ${excerpt(text) || 'no text'}.${cut}`)
  }
  const { check } = output
  const violation = await uncounted(async () => check(answer))
  if (!violation) return answer
  throw invalid(
    `an output whose ${violation.at || 'value'} ${violation.rule}, as its schema demands, got ${excerpt(text)}.`,
  )
}
