import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { ModuleTask } from '../../src/domain/execution/modules.ts'
import { type TaskContext, TaskError, type TaskItem } from '../../src/domain/execution/task.ts'
import { result } from '../../src/domain/execution/task-result.ts'
import { callTask } from '../../src/tasks/call-task.ts'
import { createModuleTask } from '../../src/tasks/module.ts'
import { parseTaskSpec } from '../../src/tasks/registry.ts'
import { noFunctions, noModules, taskContext, taskItem } from './task-items.ts'

function run(run: ModuleTask['run'], item = taskItem(), timeoutMs = 5_000) {
  const modules = { tasks: new Map([['mine', { name: 'mine', run }]]), evaluators: new Map() }
  const task = createModuleTask({ kind: 'module', name: 'mine' }, modules)
  return callTask(task, item, { ...taskContext(), timeoutMs })
}

describe('a task of assay.config.ts', () => {
  it('gets the input, the item and the context, and may be synchronous', async () => {
    let seen: [TaskItem, TaskContext] | undefined
    const { output } = await run((input: { question: string }, item, context) => {
      seen = [item, context]
      return input.question.length
    })
    expect(output).toBe(18)
    expect(seen?.[0]).toEqual(taskItem())
    expect(seen?.[1].traceparent).toBe(taskContext().traceparent)
    expect(seen?.[1].signal.aborted).toBe(false)
  })

  it('cannot change its output after it returned it', async () => {
    const output = { a: 1 }
    const returned = await run(() => output)
    output.a = 2
    expect(returned.output).toEqual({ a: 1 })
  })

  it('that returns nothing has the output null', async () => {
    expect((await run(() => {})).output).toBeNull()
  })

  it('may return a result(), whose missing parts are unknown', async () => {
    expect(await run(() => result({ output: undefined, costUsd: 0.1 }))).toEqual({
      output: null,
      costUsd: 0.1,
      inputTokens: null,
      outputTokens: null,
    })
  })

  it.each([
    [
      { costUsd: '0.01', inputTokens: '12' },
      { costUsd: 0.01, inputTokens: 12 },
    ],
    [
      { costUsd: -1, inputTokens: 0.5 },
      { costUsd: null, inputTokens: null },
    ],
    [
      { costUsd: 'cheap', outputTokens: -1 },
      { costUsd: null, outputTokens: null },
    ],
  ])('keeps its output whatever cost it reports: %j', async (given, usage) => {
    expect(await run(() => result({ output: 1, ...given } as never))).toMatchObject({ output: 1, ...usage })
  })

  it('may generate the parts of a text, which are joined', async () => {
    expect(await run(() => generate('a', 'b'))).toMatchObject({ output: 'ab' })
    async function* later() {
      yield* generate('c', '', 'd')
    }
    expect(await run(() => result({ output: later(), costUsd: 1 }))).toMatchObject({ output: 'cd', costUsd: 1 })
    const broken = () =>
      (async function* () {
        yield 'a'
        throw Object.assign(new Error('busy'), { status: 503 })
      })()
    await expect(run(broken)).rejects.toMatchObject({ code: 'TASK_FAILED', retryable: true })
  })

  it.each<[string, (over: () => void) => unknown]>([
    [
      'and never waits',
      function* (over) {
        try {
          for (;;) yield 'x'
        } finally {
          over()
        }
      },
    ],
    [
      'and nothing',
      function* (over) {
        try {
          for (;;) yield ''
        } finally {
          over()
        }
      },
    ],
    [
      'and waits',
      async function* (over) {
        try {
          for (;;) yield setTimeout(1, 'x')
        } finally {
          over()
        }
      },
    ],
  ])('may generate without end %s: it is ended with its time', async (_, generate) => {
    const over = Promise.withResolvers<void>()
    await expect(run(() => generate(over.resolve), taskItem(), 50)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    await over.promise
  })

  it('may not generate more text than an answer has', async () => {
    const megabyte = 'x'.repeat(1024 * 1024)
    await expect(run(() => generate(...Array.from({ length: 65 }, () => megabyte)))).rejects.toMatchObject({
      code: 'RESPONSE_TOO_LARGE',
      message: 'Expected a generator of at most 64 MB of text as the output, got more.',
      retryable: false,
    })
  })

  it('that returns what is no output has still cost what it reports', async () => {
    await expect(run(() => result({ output: 1n, costUsd: 0.5 }))).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
      spent: { costUsd: 0.5 },
    })
  })

  it('may return an object that only looks like a result', async () => {
    const { output, costUsd } = await run(() => ({ output: 1, costUsd: 5 }))
    expect({ output, costUsd }).toEqual({ output: { output: 1, costUsd: 5 }, costUsd: null })
  })

  it.each([
    ['a function', () => ({ f: () => 1 }), 'Expected JSON as the output, but f is a function, which JSON cannot hold.'],
    ['NaN', () => ({ scores: [0, Number.NaN] }), 'scores[1] is NaN'],
    ['a BigInt', () => 1n, 'the value is a bigint'],
    ['a Response', () => new Response('{}'), 'a Response (was `await response.json()` forgotten?)'],
    ['an Error', () => ({ e: new TypeError('x') }), 'e is an error (was it to be thrown? TypeError: x)'],
    ['URLSearchParams', () => new URLSearchParams('a=b'), 'a URLSearchParams'],
    ['FormData', () => new FormData(), 'a FormData'],
    ['a stream', () => new Response('x').body, 'a ReadableStream (were its parts to be joined?)'],
    ['an iterator', () => [1, 2].values(), '(were its parts to be joined?)'],
    ['a generator of other things than texts', () => generate('a', 5), 'Expected texts from a generator'],
  ])('that returns %s has an invalid output', async (_, task, message) => {
    await expect(run(task)).rejects.toMatchObject({
      code: 'INVALID_OUTPUT',
      retryable: false,
      message: expect.stringContaining(message),
    })
  })

  it.each([
    ['an error', new TypeError('x is not a function'), 'x is not a function', false],
    ['an error that says so', Object.assign(new Error('busy'), { retryable: true }), 'busy', true],
    ['an error without a message', new RangeError(), 'RangeError', false],
    ['text', 'nope', 'The task threw nope', false],
    ['nothing', undefined, 'The task threw undefined', false],
    ['text that cannot be stored', new Error('a\0b'), 'a\ufffdb', false],
  ])('that throws %s fails', async (_, thrown, message, retryable) => {
    const task = () => {
      throw thrown
    }
    await expect(run(task)).rejects.toMatchObject({
      name: 'TaskError',
      code: 'TASK_FAILED',
      message,
      retryable,
      cause: thrown,
    })
    await expect(run(async () => task())).rejects.toMatchObject({ code: 'TASK_FAILED', message, retryable })
  })

  it.each([
    [
      Object.assign(new Error('slow down'), { status: 429, headers: new Headers({ 'retry-after': '7' }) }),
      { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 7_000, overloaded: true },
    ],
    [
      Object.assign(new Error('busy'), { statusCode: 503, headers: { 'retry-after': '1' } }),
      { code: 'TASK_FAILED', retryable: true, retryAfterMs: 1_000 },
    ],
    [
      Object.assign(new Error('busy'), { statusCode: 429, responseHeaders: { 'retry-after': '2' } }),
      { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 2_000 },
    ],
    [
      Object.assign(new Error(), { message: { reason: 'odd' } }),
      { code: 'TASK_FAILED', message: "{ reason: 'odd' }", retryable: false },
    ],
    [
      new TaskError('OWN', { reason: 'odd' } as unknown as string, { retryable: false }),
      { code: 'OWN', message: "{ reason: 'odd' }" },
    ],
    [new TaskError('OWN', 'a\0b', { retryable: false }), { code: 'OWN', message: 'a\ufffdb' }],
    [Object.assign(new Error('no'), { status: 400 }), { code: 'TASK_FAILED', retryable: false }],
    [Object.assign(new Error('no'), { status: 500, retryable: false }), { retryable: false }],
    [
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
      }),
      { code: 'CONNECTION_REFUSED', retryable: true, message: 'fetch failed: connect ECONNREFUSED 127.0.0.1:1' },
    ],
    [
      Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      { code: 'CONNECTION_FAILED', retryable: true },
    ],
    [Object.assign(new Error('no such file'), { code: 'ENOENT' }), { code: 'TASK_FAILED', retryable: false }],
    [{ reason: 'odd' }, { code: 'TASK_FAILED', message: "The task threw { reason: 'odd' }" }],
    [
      new Error('the judge failed', {
        cause: Object.assign(new Error('slow down'), { status: 429, headers: { 'Retry-After': 3 } }),
      }),
      { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 3_000, message: 'the judge failed: slow down' },
    ],
    [
      Object.assign(new Error('busy'), {
        response: new Response('', { status: 503, headers: { 'retry-after': '4' } }),
      }),
      { code: 'TASK_FAILED', retryable: true, retryAfterMs: 4_000 },
    ],
    [Object.assign(new Error('throttled'), { $metadata: { httpStatusCode: 429 } }), { code: 'RATE_LIMITED' }],
    [
      { status: 500, message: 'no error, but a status' },
      { code: 'TASK_FAILED', retryable: true },
    ],
    [
      Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }),
      { code: 'CONNECTION_FAILED', retryable: true },
    ],
    [Object.assign(new Error('not allowed'), { code: 'EACCES' }), { code: 'TASK_FAILED', retryable: false }],
    [
      Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' }),
      { code: 'CONNECTION_FAILED', retryable: false },
    ],
    [Object.assign(new Error('too slow'), { name: 'TimeoutError' }), { code: 'TIMEOUT', retryable: true }],
    [
      new Error('no answer', { cause: new DOMException('The operation timed out', 'TimeoutError') }),
      { code: 'TIMEOUT', retryable: true, message: 'no answer: The operation timed out' },
    ],
  ])('that throws %s is retried as an HTTP task would be', async (thrown, expected) => {
    await expect(run(() => Promise.reject(thrown))).rejects.toMatchObject(expected)
  })

  it('that fails with its own timeout is a TIMEOUT', async () => {
    const task = () => Promise.reject(new DOMException('The operation timed out', 'TimeoutError'))
    await expect(run(task)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
  })

  it('is rejected when there is none with that name, and fails when it is removed later', async () => {
    expect(() => parseTaskSpec({ kind: 'module', name: 'gone' }, noFunctions.registered)).toThrow(
      'task.module.name: expected a task of assay.config.ts: none, got "gone"',
    )
    const call = createModuleTask({ kind: 'module', name: 'gone' }, noModules)(taskItem(), taskContext())
    await expect(call).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
      retryable: false,
      message: 'assay.config.ts of this worker has no task "gone"; it has none.',
    })
  })
})

function* generate(...parts: unknown[]) {
  yield* parts
}
