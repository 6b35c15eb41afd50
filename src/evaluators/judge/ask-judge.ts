/**
 * Asks a model for a verdict. By STRUCTURED: with a schema where the model knows schemas, else by a tool that it must call,
 * else as JSON in a text. An answer that is no verdict is asked for once more, with what was wrong; the second is an error.
 */
import type { ModelMessage, SystemModelMessage } from 'ai'
import type { EvaluationInput } from '../../domain/evaluation.ts'
import { type Spent, TaskError, type TaskResult } from '../../domain/execution/task.ts'
import { sumOfTokens } from '../../domain/execution/usage.ts'
import type { Json } from '../../domain/json/json.ts'
import type { JudgeSpec } from '../../domain/judge.ts'
import type { ModelPrices } from '../../domain/model/generation.ts'
import type { ModelAccess } from '../../models/open-model.ts'
import { type ModelFeature, RefusedFeatureError } from '../../models/refused-feature.ts'
import type { HttpClient } from '../../tasks/http-client.ts'
import {
  instructionsOf,
  NoVerdictError,
  readVerdict,
  readVerdictInText,
  readVerdictLine,
  repairRequest,
  type Verdict,
  type VerdictForm,
  verdictSchema,
  verdictTool,
} from './judge-answer.ts'

/** One request to the model of a judge. */
export interface JudgeRequest {
  instructions: SystemModelMessage[]
  messages: ModelMessage[]
  /** What the answer must satisfy, and whether by a tool that the model must call. */
  schema: Json | null
  tool: string | null
  withTemperature: boolean
}

/** Calls the model. The output is its text, or with a tool what its task would have: `{ answer, trajectory }`. */
export type CallJudge = (request: JudgeRequest, signal: AbortSignal) => Promise<TaskResult>

export interface Judged extends Verdict {
  form: VerdictForm | 'DECISION'
  /** How likely each label is, where the model says so. */
  distribution?: Record<string, number>
  /** Whether the first answer was none. */
  repaired: boolean
  /** Of all calls. */
  spent: Spent
}

/** What calls of a judge's model need. */
export interface JudgeParts {
  http: HttpClient
  /** The provider with its key. @throws {TaskError} when it cannot be used */
  connect: (name: string) => Promise<ModelAccess>
  /** The project's prices of the model; null for none. */
  prices: ModelPrices | null
}

/** Asks about an item; null where the judge does not apply. @throws {TaskError} */
export type AskJudge = (item: EvaluationInput, signal: AbortSignal) => Promise<Judged | null>

/** Asks one model, and remembers what it does not know. */
export class JudgeModel {
  readonly #spec: JudgeSpec
  readonly #refused = new Set<ModelFeature>()

  constructor(spec: JudgeSpec) {
    this.#spec = spec
  }

  /**
   * @param messages instructions first
   * @throws {TaskError} as of the calls, with what all of them have used; INVALID_OUTPUT for two answers without a verdict
   */
  async ask(messages: readonly Message[], call: CallJudge, signal: AbortSignal): Promise<Judged> {
    const spent: Spent[] = []
    const counted: CallJudge = async (request) => {
      const result = await call(request, signal)
      spent.push(result)
      return result
    }
    try {
      const judged = await this.#askInForm(messages, counted, signal)
      return { ...judged, spent: sumOf(spent) }
    } catch (error) {
      if (!(error instanceof TaskError)) throw error
      throw error.with(sumOf(error.spent ? [...spent, error.spent] : spent))
    }
  }

  async #askInForm(messages: readonly Message[], call: CallJudge, signal: AbortSignal): Promise<Omit<Judged, 'spent'>> {
    for (;;) {
      const form = this.#form()
      try {
        return await this.#askAndRepair(messages, form, call, signal)
      } catch (error) {
        if (!(error instanceof RefusedFeatureError) || this.#refused.has(error.feature)) throw error
        this.#refused.add(error.feature)
      }
    }
  }

  #form(): VerdictForm {
    if (this.#spec.method === 'TEXT') return 'TEXT'
    if (!this.#refused.has('schema')) return 'SCHEMA'
    return this.#refused.has('tools') ? 'JSON' : 'TOOL'
  }

  async #askAndRepair(messages: readonly Message[], form: VerdictForm, call: CallJudge, signal: AbortSignal) {
    const { scale } = this.#spec
    const first = requestOf(this.#spec, messages, form, !this.#refused.has('temperature'))
    const answered = await call(first, signal)
    try {
      return { ...read(answered.output, form, scale), form, repaired: false }
    } catch (error) {
      if (!(error instanceof NoVerdictError)) throw error
      requireWhole(answered, error)
      const text = textOf(answered.output)
      const again: ModelMessage[] = [
        ...first.messages,
        ...(text === '' ? [] : [{ role: 'assistant' as const, content: text }]),
        { role: 'user', content: repairRequest(error, this.#spec, form) },
      ]
      const second = await call({ ...first, messages: again, tool: null, schema: null }, signal)
      try {
        return { ...readText(second.output, form, scale), form, repaired: true }
      } catch (still) {
        if (!(still instanceof NoVerdictError)) throw still
        requireWhole(second, still)
        throw noVerdict(still.message)
      }
    }
  }
}

/** A message of a judge, rendered. */
export interface Message {
  role: 'SYSTEM' | 'USER' | 'ASSISTANT'
  content: string
}

const roles = { SYSTEM: 'system', USER: 'user', ASSISTANT: 'assistant' } as const

function requestOf(
  spec: JudgeSpec,
  messages: readonly Message[],
  form: VerdictForm,
  withTemperature: boolean,
): JudgeRequest {
  const instructions = messages.filter(({ role }) => role === 'SYSTEM').map(({ content }) => content)
  const schema = form === 'SCHEMA' || form === 'TOOL' ? verdictSchema(spec.scale) : null
  return {
    instructions: [{ role: 'system', content: [...instructions, instructionsOf(spec, form)].join('\n\n') }],
    messages: messages
      .filter(({ role }) => role !== 'SYSTEM')
      .map(({ role, content }) => ({ role: roles[role], content }) as ModelMessage),
    schema,
    tool: form === 'TOOL' ? verdictTool : null,
    withTemperature,
  }
}

/** @throws {NoVerdictError} */
function read(output: Json, form: VerdictForm, scale: JudgeSpec['scale']): Verdict {
  const called = form === 'TOOL' ? callIn(output) : undefined
  return called === undefined ? readText(output, form, scale) : readVerdict(called, scale)
}

/** @throws {NoVerdictError} */
function readText(output: Json, form: VerdictForm, scale: JudgeSpec['scale']): Verdict {
  const text = textOf(output)
  return form === 'TEXT' ? readVerdictLine(text, scale) : readVerdictInText(text, scale)
}

/** The arguments of the only call of the tool; undefined where the model has called none. */
function callIn(output: Json): Json | undefined {
  const { trajectory } = output as { trajectory: { toolCalls?: { name: string; arguments: Json }[] }[] }
  const calls = trajectory.flatMap(({ toolCalls = [] }) => toolCalls).filter(({ name }) => name === verdictTool)
  if (calls.length > 1) throw new NoVerdictError(`one call of ${verdictTool}`, `${calls.length} calls`)
  return calls[0]?.arguments
}

/** What the model has written. */
function textOf(output: Json): string {
  if (typeof output === 'string') return output
  const { answer = '' } = (output ?? {}) as { answer?: Json }
  return typeof answer === 'string' ? answer : JSON.stringify(answer)
}

/** An answer that was cut would be cut again. @throws {TaskError} */
function requireWhole({ generation }: TaskResult, { message }: NoVerdictError): void {
  if (generation?.finishReason !== 'LENGTH') return
  throw noVerdict(`${message} It was cut at the maximum of output tokens: raise maxOutputTokens.`)
}

function noVerdict(message: string): TaskError {
  return new TaskError('INVALID_OUTPUT', `The judge gave no verdict. ${message}`, { retryable: true })
}

/** A cost of which a part is unknown is unknown. */
function sumOf(parts: readonly Spent[]): Spent {
  const costs = parts.map(({ costUsd }) => costUsd)
  return {
    costUsd:
      costs.length === 0 || costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
    inputTokens: parts.reduce<number | null>((sum, { inputTokens }) => sumOfTokens(sum, inputTokens), null),
    outputTokens: parts.reduce<number | null>((sum, { outputTokens }) => sumOfTokens(sum, outputTokens), null),
    generation: parts.at(-1)?.generation ?? null,
  }
}
