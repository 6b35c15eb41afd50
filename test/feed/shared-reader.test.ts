import { expect, onTestFinished, test, vi } from 'vitest'
import type { Clock } from '../../src/domain/clock.ts'
import { type SharedBatch, SharedReader, SharedReaders } from '../../src/feed/shared-reader.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

interface Batch extends SharedBatch<number> {
  rows: number[]
}

/** Reads from a list that the test extends, two rows at once. */
class ListReader extends SharedReader<number, Batch> {
  readonly rows: number[]
  reads = 0
  over = false
  failure: Error | null = null
  /** Reads take until then. */
  until: Promise<void> | null = null
  /** How many batches a read has at most. */
  batches = 1

  constructor(rows: number[], onIdle: () => void, clock?: Clock) {
    super(0, onIdle, clock)
    this.rows = rows
  }

  protected override async query(after: number): Promise<[Batch, ...Batch[]]> {
    this.reads += 1
    const readAt = performance.now()
    if (this.failure) throw this.failure
    const batchAt = (start: number): Batch => {
      const rows = this.rows.slice(start, start + 2)
      const next = start + rows.length
      const more = next < this.rows.length
      return { rows, next, more, empty: rows.length === 0, done: this.over && !more, readAt }
    }
    const first = batchAt(after)
    const others: Batch[] = []
    for (let last = first; last.more && others.length + 1 < this.batches; others.push(last)) last = batchAt(last.next)
    await this.until
    return [first, ...others]
  }
}

function open(rows: number[] = [], clock?: Clock) {
  const readers = new SharedReaders<ListReader>()
  return { readers, reader: readers.open('list', (onIdle) => new ListReader(rows, onIdle, clock)) }
}

const never = new AbortController().signal

test('subscribers at the same cursor share one read', async () => {
  const { readers, reader } = open([1, 2])
  const followers = [1, 2, 3].map(() => reader.follow(0, never))
  const batches = await Promise.all(followers.map((follower) => follower.next()))
  expect(batches.map(({ value }) => value.rows)).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ])
  expect(reader.reads).toBe(1)
  expect(readers.subscribers).toBe(3)
  await Promise.all(followers.map((follower) => follower.return(undefined)))
})

test('what waits is read at once, the rest when something changed, and the last batch ends it', async () => {
  const { reader } = open([1, 2, 3])
  const follower = reader.follow(0, never)
  expect((await follower.next()).value).toMatchObject({ rows: [1, 2], more: true })
  expect((await follower.next()).value).toMatchObject({ rows: [3], more: false })
  const next = follower.next()
  reader.rows.push(4)
  reader.over = true
  reader.wake()
  expect((await next).value).toMatchObject({ rows: [4], done: true })
  expect(await follower.next()).toEqual({ done: true, value: undefined })
})

test('the batches of one read come one after the other, and a change since then after them', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { reader } = open([1, 2, 3, 4, 5])
  reader.batches = 3
  const follower = reader.follow(0, never)
  expect((await follower.next()).value).toMatchObject({ rows: [1, 2] })
  reader.rows.push(6)
  reader.wake()
  await vi.advanceTimersByTimeAsync(0)
  expect((await follower.next()).value).toMatchObject({ rows: [3, 4] })
  expect((await follower.next()).value).toMatchObject({ rows: [5] })
  expect(reader.reads).toBe(1)
  expect((await follower.next()).value).toMatchObject({ rows: [6] })
  await follower.return(undefined)
})

test('what the only subscriber has taken is not kept for anybody', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { reader } = open([1, 2, 3, 4, 5])
  reader.batches = 3
  const follower = reader.follow(0, never)
  for (let batch = 0; batch < 3; batch += 1) await follower.next()
  // A timer that would forget it later would keep its rows until then.
  expect(vi.getTimerCount()).toBe(0)
  await follower.return(undefined)
})

test('a change during a read is not missed', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { reader } = open()
  const reading = Promise.withResolvers<void>()
  reader.until = reading.promise
  const follower = reader.follow(0, never)
  const first = follower.next()
  reader.rows.push(1)
  reader.wake()
  await vi.runAllTimersAsync()
  reading.resolve()
  expect((await first).value).toMatchObject({ rows: [] })
  expect((await follower.next()).value).toMatchObject({ rows: [1] })
  await follower.return(undefined)
})

test('subscribers that share a read do not miss what changed since', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { reader } = open()
  const reading = Promise.withResolvers<void>()
  reader.until = reading.promise
  const first = reader.follow(0, never)
  const batches = [first.next()]
  reader.rows.push(1)
  reader.wake()
  await vi.advanceTimersByTimeAsync(0)
  const second = reader.follow(0, never)
  batches.push(second.next())
  reading.resolve()
  for (const { value } of await Promise.all(batches)) expect(value).toMatchObject({ rows: [] })
  expect(reader.reads).toBe(1)
  for (const follower of [first, second]) expect((await follower.next()).value).toMatchObject({ rows: [1] })
  await Promise.all([first, second].map((follower) => follower.return(undefined)))
})

test('a newcomer shares older reads, but none of the latest state, not even one that is on', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { reader } = open([1, 2, 3])
  const early = [1, 2].map(() => reader.follow(0, never))
  for (let batch = 0; batch < 2; batch += 1) await Promise.all(early.map((follower) => follower.next()))
  expect(reader.reads).toBe(2)
  reader.rows[2] = 30
  vi.advanceTimersByTime(1)
  const late = reader.follow(0, never)
  expect((await late.next()).value).toMatchObject({ rows: [1, 2] })
  expect(reader.reads).toBe(2)
  const reading = Promise.withResolvers<void>()
  reader.until = reading.promise
  const third = late.next()
  await vi.advanceTimersByTimeAsync(0)
  reader.rows[2] = 300
  vi.advanceTimersByTime(1)
  const latest = reader.follow(2, never)
  const fourth = latest.next()
  reading.resolve()
  expect((await third).value).toMatchObject({ rows: [30] })
  expect((await fourth).value).toMatchObject({ rows: [300] })
  await Promise.all([...early, late, latest].map((follower) => follower.return(undefined)))
})

test('a reader is dropped with its last subscriber, however that one leaves', async () => {
  const { readers, reader } = open([1])
  const leaving = reader.follow(0, never)
  await leaving.next()
  const aborted = new AbortController()
  const waiting = reader.follow(1, aborted.signal)
  await waiting.next()
  const next = waiting.next()
  await leaving.return(undefined)
  expect([...readers.values()]).toEqual([reader])
  aborted.abort()
  expect(await next).toEqual({ done: true, value: undefined })
  expect([...readers.values()]).toEqual([])
  expect(readers.subscribers).toBe(0)
})

test('a wake-up for later ends with the last subscriber', async () => {
  const clock = new FakeClock()
  const { reader } = open([1], clock)
  const followers = [reader.follow(1, never), reader.follow(1, never)]
  await Promise.all(followers.map((follower) => follower.next()))
  reader.wake(60_000)
  await followers[0]?.return(undefined)
  expect(clock.timers).toHaveLength(1)
  await followers[1]?.return(undefined)
  expect(clock.timers).toEqual([])
})

test('a read that failed ends those who wait for it and is not kept', async () => {
  const { reader } = open([1])
  reader.failure = new Error('the database is away')
  const both = [reader.follow(0, never), reader.follow(0, never)]
  const ends = await Promise.allSettled(both.map((follower) => follower.next()))
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(reader.reads).toBe(1)
  reader.failure = null
  expect((await reader.follow(0, never).next()).value).toMatchObject({ rows: [1] })
})

test('subscribers that go on past the end share reads there, too, and get what comes after it', async () => {
  const { reader } = open([1])
  reader.over = true
  const followers = [1, 2].map(() => reader.follow(1, never, { pastDone: true }))
  const ends = await Promise.all(followers.map((follower) => follower.next()))
  expect(ends.map(({ value }) => value.done)).toEqual([true, true])
  const next = followers.map((follower) => follower.next())
  reader.rows.push(2)
  reader.wake()
  expect((await Promise.all(next)).map(({ value }) => value.rows)).toEqual([[2], [2]])
  expect(reader.reads).toBe(2)
  await Promise.all(followers.map((follower) => follower.return(undefined)))
})
