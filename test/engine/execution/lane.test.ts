import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type Task, TaskError, type TaskResult } from '../../../src/domain/execution/task.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import type { LedgerResult } from '../../../src/engine/execution/item-result.ts'
import { Lane, type LaneOptions } from '../../../src/engine/execution/lane.ts'
import { Slots } from '../../../src/engine/execution/slots.ts'
import { noCall } from '../../../src/engine/limits/permit.ts'
import { noTracing } from '../../../src/telemetry/tracing.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { FakeRun, item } from './fake-run.ts'

function laneOf(run: FakeRun, task: Task, options: Partial<LaneOptions> = {}): Lane {
  const plan = {
    runId: 'run',
    projectId: 'project',
    endpoint: 'module:task',
    settings: { timeoutMs: 60_000, maxAttempts: 1 },
    task,
    canBeFollowed: false,
    evaluators: [],
    runEvaluators: [],
    results: async () => null,
    cacheKey: null,
    cacheTask: '',
    missingFunctions: () => [],
    refresh: async () => {},
  }
  return new Lane({
    plan,
    lease: '1',
    slots: 2,
    recorder: run,
    limits: { acquire: () => noCall },
    pool: new Slots(1_000),
    texts: { begin: () => ({ append: () => {}, end: async () => {} }) },
    cached: async () => new Map(),
    tracing: noTracing,
    log: pino({ level: 'silent' }),
    clock: run.clock,
    random: () => 0,
    turn: async () => {},
    ...options,
  })
}

function succeed(output: Json): TaskResult {
  return { output, costUsd: null, inputTokens: null, outputTokens: null }
}

const echo: Task = async ({ input }) => succeed(input)

/** A task that takes this long on the run's clock. */
const taking =
  (ms: number, run: FakeRun): Task =>
  ({ input }) =>
    new Promise((resolve) => run.clock.after(ms, () => resolve(succeed(input))))

/** A task that ends only when it is aborted. */
const hanging: Task = () => new Promise(() => {})

test.each([1, 3, 7, 99])(
  'after an empty claim a lane claims again when its pause ends, even if each read of the clock advances it by %d ms',
  async (step) => {
    const run = new FakeRun(0, new FakeClock(() => step))
    run.answers = [
      { queued: 1, dueMs: 5 },
      { queued: 1, dueMs: 5 },
      { queued: 1, dueMs: 5 },
    ]
    expect(await run.clock.until(laneOf(run, echo).run())).toBe('DONE')
    expect(run.claims).toHaveLength(4)
  },
)

test('a lane pauses until the next item is due, at most 1 s, and 100 ms while the budget forbids a start', async () => {
  const run = new FakeRun(0)
  run.answers = [
    { queued: 1, dueMs: 40 },
    { queued: 1, dueMs: 60_000 },
    { queued: 1, dueMs: -3 },
    { queued: 1, dueMs: null },
  ]
  const lane = laneOf(run, echo).run()
  await run.clock.settle()
  const rests: number[] = []
  while (run.answers.length > 0) {
    rests.push(...run.clock.timers)
    await run.clock.next()
  }
  rests.push(...run.clock.timers)
  expect(rests).toEqual([40, 1_000, 1, 100])
  expect(await run.clock.until(lane)).toBe('DONE')
  // No timer is left.
  expect(run.clock.timers).toEqual([])
})

test('slow items are claimed for free slots only, fast ones a chunk ahead, up to 250', async () => {
  const slow = new FakeRun(12)
  slow.concurrency = 2
  await slow.clock.until(laneOf(slow, taking(5_000, slow)).run())
  expect(slow.claims.every(({ limit }) => limit <= 2)).toBe(true)
  expect(slow.results).toHaveLength(12)

  const fast = new FakeRun(5_000, new FakeClock(() => 0.05))
  expect(await fast.clock.until(laneOf(fast, echo).run())).toBe('DONE')
  expect(fast.results).toHaveLength(5_000)
  expect(fast.claims[0]?.limit).toBe(2)
  expect(Math.max(...fast.claims.map(({ limit }) => limit))).toBe(250)
})

test('items of some hundred milliseconds are claimed before their slots are free', async () => {
  const run = new FakeRun(100, new FakeClock(() => 0.01))
  const startedAt = run.clock.now()
  const claim: LaneOptions['recorder']['claim'] = async (...request) => {
    const claimed = await run.claim(...request)
    await new Promise<void>((resolve) => run.clock.after(30, resolve))
    return claimed
  }
  const recorder = { claim, record: (result: LedgerResult) => run.record(result) }
  await run.clock.until(laneOf(run, taking(300, run), { recorder }).run())
  // 50 times two items at once, and the first and last claims.
  expect(run.clock.now() - startedAt).toBeLessThan(50 * 300 + 5 * 30)
  expect(Math.max(...run.claims.map(({ limit }) => limit))).toBeLessThanOrEqual(5)
})

test('at the end of a run a lane claims no more than its share of the remaining items', async () => {
  const run = new FakeRun(100, new FakeClock(() => 0.05))
  run.concurrency = 20
  let left = run.queued
  await run.clock.until(laneOf(run, echo).run())
  for (const [index, { limit, got }] of run.claims.entries()) {
    // A tenth of the items that the previous claim left, but at least its slots.
    if (index > 0) expect(limit).toBeLessThanOrEqual(Math.max(2, Math.ceil(left / 10)))
    left -= got
  }
  expect(run.results).toHaveLength(100)
})

test('a lane computes its share from the current concurrency of its run', async () => {
  const run = new FakeRun(3_000, new FakeClock(() => 0.05))
  let before = 0
  const task: Task = async ({ input }) => {
    if (input === 400) {
      run.concurrency = 1_000
      before = run.claims.length
    }
    return succeed(input)
  }
  await run.clock.until(laneOf(run, task).run())
  const limits = run.claims.map(({ limit }) => limit)
  expect(Math.max(...limits.slice(0, before))).toBe(250)
  // The claim that returns the new setting was still sized by the old one.
  expect(Math.max(...limits.slice(before + 1))).toBeLessThan(10)
})

test('every claim of a lane names the items that it still has', async () => {
  const run = new FakeRun(1_500, new FakeClock(() => 0.05))
  const open = Promise.withResolvers<void>()
  const lane = laneOf(run, async ({ input }) => {
    if (input === 0) await open.promise
    return succeed(input)
  }).run()
  while (run.results.length < 1_499) await run.clock.settle()
  expect(run.claims.length).toBeGreaterThan(3)
  expect(run.forgotten).toEqual([])
  open.resolve()
  expect(await run.clock.until(lane)).toBe('DONE')
  expect(run.statuses).toEqual(Array(1_500).fill('SUCCEEDED'))
})

test('a lane does not end before it has tried to claim the items that it requeued', async () => {
  const run = new FakeRun(1)
  let calls = 0
  const lane = laneOf(run, async ({ input }) => {
    calls += 1
    if (calls > 1) return succeed(input)
    throw new TaskError('RATE_LIMITED', 'later', { retryable: true, retryAfterMs: 10 })
  })
  expect(await run.clock.until(lane.run())).toBe('DONE')
  expect(run.statuses).toEqual(['QUEUED', 'SUCCEEDED'])
})

test('a lane does not end before it has tried to claim the items that it requeued during a claim', async () => {
  const run = new FakeRun(3)
  const busy = Promise.withResolvers<void>()
  let failed = false
  const lane = laneOf(run, async ({ input }) => {
    if (input !== 1 || failed) return succeed(input)
    await busy.promise
    failed = true
    throw new TaskError('RATE_LIMITED', 'later', { retryable: true, retryAfterMs: 10 })
  }).run()
  run.held = Promise.withResolvers()
  await run.clock.settle()
  // The last item is claimed; the answer, still on its way, says that none are left.
  expect(run.claims).toHaveLength(2)
  busy.resolve()
  await run.clock.settle()
  run.held.resolve()
  expect(await run.clock.until(lane)).toBe('DONE')
  expect(run.statuses).toEqual(['SUCCEEDED', 'QUEUED', 'SUCCEEDED', 'SUCCEEDED'])
})

test('a drained lane releases the items it has not started, and ends after its calls', async () => {
  const run = new FakeRun(0)
  run.answers = [{ items: [0, 1, 2, 3].map(item), queued: 5 }]
  const open = Promise.withResolvers<void>()
  const lane = laneOf(run, async ({ input }) => {
    await open.promise
    return succeed(input)
  })
  const ended = lane.run()
  await run.clock.settle()
  expect(lane.inFlight).toBe(2)
  lane.drain()
  await run.clock.settle()
  expect(run.statuses).toEqual(['QUEUED', 'QUEUED'])
  open.resolve()
  expect(await ended).toBe('STOPPED')
  expect(run.statuses.slice(2)).toEqual(['SUCCEEDED', 'SUCCEEDED'])
  expect(run.claims).toHaveLength(1)
})

test('a lane that is drained during a claim releases the items that it gets', async () => {
  const run = new FakeRun(2)
  run.held = Promise.withResolvers()
  const lane = laneOf(run, echo)
  const ended = lane.run()
  await run.clock.settle()
  lane.drain()
  run.held.resolve()
  expect(await ended).toBe('STOPPED')
  expect(run.results.map(({ ordinal, status }) => [ordinal, status])).toEqual([
    [0, 'QUEUED'],
    [1, 'QUEUED'],
  ])
})

test('an interrupted lane aborts its calls, and they do not count towards the attempts that an item has', async () => {
  const run = new FakeRun(2)
  const lane = laneOf(run, hanging)
  const ended = lane.run()
  await run.clock.settle()
  expect(lane.inFlight).toBe(2)
  lane.interrupt('SHUTDOWN')
  expect(await ended).toBe('STOPPED')
  expect(run.results.map(({ status, attempts, excused, error }) => ({ status, attempts, excused, error }))).toEqual(
    Array(2).fill({ status: 'QUEUED', attempts: 1, excused: 1, error: null }),
  )
})

test('a lane that lost its lease stops at once', async () => {
  const run = new FakeRun(0)
  run.answers = [{ items: [item(0)], queued: 3 }, null]
  const ended = laneOf(run, hanging).run()
  expect(await ended).toBe('STOPPED')
  expect(run.statuses).toEqual(['QUEUED'])
})

test('a lane ends with its run, whatever ended it', async () => {
  const run = new FakeRun(0)
  run.answers = [
    { items: [item(0)], queued: 3 },
    { status: 'STOPPED', queued: 0 },
  ]
  expect(await laneOf(run, hanging).run()).toBe('STOPPED')
  expect(run.clock.timers).toEqual([])
})

test('a lane that gets more slots starts more items, and without slots it ends', async () => {
  const run = new FakeRun(50)
  const lane = laneOf(run, hanging)
  const ended = lane.run()
  await run.clock.settle()
  expect(lane.inFlight).toBe(2)
  lane.resize(5)
  await run.clock.settle()
  expect(lane.inFlight).toBe(5)
  lane.resize(0)
  lane.interrupt('SHUTDOWN')
  expect(await ended).toBe('STOPPED')
  expect(run.statuses).toEqual(Array(5).fill('QUEUED'))
})

test('a lane that is drained during a pause ends at once', async () => {
  const run = new FakeRun(0)
  run.answers = [{ queued: 1, dueMs: 900 }]
  const lane = laneOf(run, echo)
  const ended = lane.run()
  await run.clock.settle()
  lane.drain()
  expect(await ended).toBe('STOPPED')
  expect(run.clock.timers).toEqual([])
})

test('an item that waits for its endpoint uses no slot, and is released when the lane stops', async () => {
  const run = new FakeRun(2)
  const slots = new Slots(10)
  const acquire: LaneOptions['limits']['acquire'] = (_call, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)))
  const lane = laneOf(run, echo, { pool: slots, limits: { acquire } })
  const ended = lane.run()
  await run.clock.settle()
  expect([lane.inFlight, lane.waiting, slots.used]).toEqual([2, 2, 0])
  lane.drain()
  expect(await ended).toBe('STOPPED')
  expect(run.statuses).toEqual(['QUEUED', 'QUEUED'])
})
