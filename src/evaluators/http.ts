/**
 * Asks an endpoint for the score of an item. It gets what a function of assay.config.ts gets, as JSON, and answers with what
 * such a function returns.
 */
import * as z from 'zod'
import { messageOf } from '../domain/errors.ts'
import type { Evaluate, HttpEvaluatorSpec } from '../domain/evaluation.ts'
import { excerptOf } from '../domain/excerpt.ts'
import type { HttpTaskSpec } from '../domain/execution/http-task.ts'
import { nothingSpent, TaskError, type TaskItem } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { optional, parseInput } from '../domain/parse-input.ts'
import { newTraceparent } from '../models/traceparent.ts'
import { createHttpTask, parseHttpTask } from '../tasks/http.ts'
import type { HttpClient } from '../tasks/http-client.ts'
import { evaluationsOf } from './module-result.ts'

const schema = z.strictObject({
  kind: z.literal('http'),
  url: z.string(),
  headers: optional(z.record(z.string(), z.string()), {}),
  resultPath: optional(z.string(), null),
})

/** @throws {InvalidInputError} */
export function parseHttpEvaluator(input: unknown, path: readonly string[]): HttpEvaluatorSpec {
  const spec = parseInput(schema, input, path)
  const { url, headers } = parseHttpTask(taskOf(spec), path)
  return { ...spec, url, headers }
}

/** The call as a task: its input is everything that an evaluator sees. */
function taskOf({ url, headers, resultPath }: HttpEvaluatorSpec): HttpTaskSpec {
  return {
    ...{ kind: 'http', method: 'POST', url, headers, body: '{{input}}', outputPath: resultPath },
    ...{ costPath: null, inputTokensPath: null, outputTokensPath: null },
  }
}

export function createHttpEvaluator(spec: HttpEvaluatorSpec, name: string, http: HttpClient): Evaluate {
  const call = createHttpTask(taskOf(spec), http, Date.now)
  return async (evaluated, { signal }) => {
    const item: TaskItem = {
      ...{ id: name, key: null, expectedOutput: null, metadata: null, tags: [], repetition: 0, attempt: 1 },
      input: evaluated as unknown as Json,
    }
    const { output } = await call(item, { signal, timeoutMs: maxTimeoutMs, traceparent: newTraceparent() })
    try {
      return evaluationsOf(output, { name })
    } catch (error) {
      const message = `${messageOf(error)} The endpoint answered ${excerptOf(output)}.`
      throw new TaskError('INVALID_OUTPUT', message, { retryable: false, spent: nothingSpent, cause: error })
    }
  }
}

/** Its callers have limits of their own. */
const maxTimeoutMs = 3_600_000
