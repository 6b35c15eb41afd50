import { describe, expect, it } from 'vitest'
import { type Task, TaskError, type TaskItem } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { callTask } from '../../src/tasks/call-task.ts'
import { taskContext, taskItem } from './task-items.ts'

/** One kind of task under test: how to create one that does what the suite needs. */
interface TaskKind {
  /** Its output is `{ seen: <the item's input> }`; absent of a kind whose outputs a model writes. */
  echo?(): Task
  /** Returns that with cost 0.5, 10 input and 20 output tokens. */
  priced(output: Json): Task
  failing(): Task
  /** What it calls answers 429, and asks to wait for two seconds. */
  limited(): Task
  /** Gives something that is no output. */
  garbled(): Task
  hanging(): Task
  /** Counts its running calls, and ends them on demand. */
  gated(): { task: Task; active: () => number; open: () => void }
}

/** What the engine relies on for every kind. */
export function conformsAsTask(name: string, kind: TaskKind): void {
  const call = (task: Task, item: Partial<TaskItem> = {}, limits: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
    callTask(task, taskItem(item), { ...taskContext(), ...limits })
  const failureOf = async (promise: Promise<unknown>) => {
    const outcome = await promise.catch((error: unknown) => error)
    if (outcome instanceof TaskError) return outcome
    throw new Error(`expected a TaskError, got ${JSON.stringify(outcome)}`)
  }

  describe(`${name} as a task`, () => {
    const echo = kind.echo?.bind(kind) as () => Task
    it.runIf(kind.echo).each<[string, Json]>([
      ['null', null],
      ['nothing', ''],
      ['0', 0],
      ['false', false],
      ['a text', 'text'],
      ['an empty list', []],
      ['an object', { a: { b: [1, 'ü', null] } }],
      ['unicode', '👍🏽 e\u0301 \u202e עברית {{input}} \\u0000'],
      ['a text of 1 MB', 'x'.repeat(1_000_000)],
    ])('takes %s as an input like any other', async (_what, input) => {
      expect(await call(echo(), { input })).toMatchObject({
        output: { seen: input },
        costUsd: null,
        inputTokens: null,
        outputTokens: null,
      })
    })

    it('returns its cost if known', async () => {
      expect(await call(kind.priced('x'))).toMatchObject({
        output: 'x',
        costUsd: 0.5,
        inputTokens: 10,
        outputTokens: 20,
      })
    })

    it.runIf(kind.echo)('may return null', async () => {
      expect((await call(kind.priced(null))).output).toBeNull()
    })

    it('tells how long a 429 asks to wait', async () => {
      const error = await failureOf(call(kind.limited()))
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true, retryAfterMs: 2_000 })
    })

    it('takes nothing for an output that is none', async () => {
      const error = await failureOf(call(kind.garbled()))
      expect(error.message).toMatch(/expected|cannot be read|not JSON|not valid JSON/i)
    })

    it.runIf(kind.echo)('does not change the item', async () => {
      const item = taskItem()
      await callTask(echo(), item, taskContext())
      expect(item).toEqual(taskItem())
    })

    it.runIf(kind.echo)('keeps concurrent calls apart', async () => {
      const task = echo()
      const outputs = await Promise.all(Array.from({ length: 20 }, (_, input) => call(task, { input })))
      expect(outputs.map(({ output }) => output)).toEqual(Array.from({ length: 20 }, (_, seen) => ({ seen })))
    })

    it('runs any number of calls concurrently', async () => {
      const { task, active, open } = kind.gated()
      const calls = Array.from({ length: 8 }, () => call(task))
      await expect.poll(active).toBe(8)
      open()
      await Promise.all(calls)
    })

    it('fails with a code, a message and whether a retry can help', async () => {
      const error = await failureOf(call(kind.failing()))
      expect(error.message).not.toBe('')
      expect(error.code).toMatch(/^[A-Z_]+$/)
      expect(typeof error.retryable).toBe('boolean')
    })

    it('ends with a retryable TIMEOUT after the timeout', async () => {
      const error = await failureOf(call(kind.hanging(), {}, { timeoutMs: 20 }))
      expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, message: 'No result within 20 ms.' })
    })

    it('ends immediately, with the reason, when it is aborted', async () => {
      const controller = new AbortController()
      const reason = new Error('cancelled')
      const running = call(kind.hanging(), {}, { signal: controller.signal })
      controller.abort(reason)
      await expect(running).rejects.toBe(reason)
    })

    it('does not start when it is already aborted', async () => {
      const { task, active } = kind.gated()
      await expect(call(task, {}, { signal: AbortSignal.abort('over') })).rejects.toBe('over')
      expect(active()).toBe(0)
    })
  })
}
