import { setImmediate } from 'node:timers/promises'
import * as z from 'zod'
import { excerptOf } from '../domain/excerpt.ts'
import type { Modules } from '../domain/execution/modules.ts'
import {
  type ModuleTaskSpec,
  type TaskContext,
  TaskError,
  type TaskItem,
  type TaskResult,
} from '../domain/execution/task.ts'
import { isResult } from '../domain/execution/task-result.ts'
import { costOf, tokensOf } from '../domain/execution/usage.ts'
import type { Json } from '../domain/json/json.ts'
import { NotJsonError, toJson } from '../domain/json/to-json.ts'
import { invalidInput, parseInput } from '../domain/parse-input.ts'

const schema = z.strictObject({ kind: z.literal('module'), name: z.string() })

/** The names of tasks, as a map's keys. */
export interface FunctionNames {
  tasks: ReadonlyMap<string, unknown>
}

export function parseModuleTask(input: unknown, functions: FunctionNames, path: readonly string[]): ModuleTaskSpec {
  const spec = parseInput(schema, input, path)
  if (!functions.tasks.has(spec.name)) {
    throw invalidInput([...path, 'name'], `expected a task of assay.config.ts: ${known(functions)}`, spec.name)
  }
  return spec
}

/** A function of assay.config.ts, called in this process with an item that is its own. */
export function createModuleTask(
  spec: ModuleTaskSpec,
  modules: Modules,
): (item: TaskItem, context: TaskContext) => Promise<TaskResult> {
  return async (item, { signal, traceparent }) => {
    const module = modules.tasks.get(spec.name)
    if (!module) {
      const message = `assay.config.ts of this worker has no task "${spec.name}"; it has ${known(modules)}.`
      throw new TaskError('MODULE_NOT_FOUND', message, { retryable: false })
    }
    const returned: unknown = await module.run(item.input, item, { signal, traceparent })
    return resultOf(isResult(returned) ? returned : { output: returned }, signal)
  }
}

interface Returned {
  output: unknown
  costUsd?: unknown
  inputTokens?: unknown
  outputTokens?: unknown
}

async function resultOf(parts: Returned, signal: AbortSignal): Promise<TaskResult> {
  const usage = {
    costUsd: costOf(parts.costUsd),
    inputTokens: tokensOf(parts.inputTokens),
    outputTokens: tokensOf(parts.outputTokens),
  }
  try {
    return { output: outputOf(await joined(parts.output, signal)), ...usage }
  } catch (error) {
    if (!(error instanceof TaskError)) throw error
    throw error.with(usage)
  }
}

/**
 * The texts of a generator as one; anything else as it is.
 * @param signal ends a generator that goes on; others have their turn meanwhile, also beside one that never waits
 * @throws {TaskError} INVALID_OUTPUT for parts that are no texts, RESPONSE_TOO_LARGE for too much text
 */
async function joined(output: unknown, signal: AbortSignal): Promise<unknown> {
  if (!/^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(output))) return output
  let text = ''
  let parts: string[] = []
  let length = 0
  for await (const part of output as AsyncGenerator<unknown>) {
    signal.throwIfAborted()
    if (typeof part !== 'string') {
      const message = `Expected texts from a generator as the output, got ${excerptOf(part)}.`
      throw new TaskError('INVALID_OUTPUT', message, { retryable: false })
    }
    length += part.length
    if (length > maxGenerated) throw tooMuchText()
    parts.push(part)
    if (parts.length < partsInTurn) continue
    text += parts.join('')
    parts = []
    await setImmediate()
  }
  return text + parts.join('')
}

/** Characters: as many as the whole answer of a function may have. */
const maxGenerated = 64 * 1024 * 1024
const partsInTurn = 1_000

function tooMuchText(): TaskError {
  const message = `Expected a generator of at most ${maxGenerated / 1024 / 1024} MB of text as the output, got more.`
  return new TaskError('RESPONSE_TOO_LARGE', message, { retryable: false })
}

/** @throws {TaskError} INVALID_OUTPUT for values that cannot be stored as JSON. */
export function outputOf(value: unknown): Json {
  try {
    return toJson(value)
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error
    const message = `Expected JSON as the output, but ${error.message}.`
    throw new TaskError('INVALID_OUTPUT', message, { retryable: false, cause: error })
  }
}

function known({ tasks }: FunctionNames): string {
  const names = [...tasks.keys()]
  return names.length === 0 ? 'none' : names.join(', ')
}
