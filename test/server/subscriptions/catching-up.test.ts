/** Subscribers of a channel who take no more at times, while others go on. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Channel } from '../../../src/server/subscriptions/channel.ts'
import { RecentEvents } from '../../../src/server/subscriptions/recent-events.ts'
import { Replays, replayLimits } from '../../../src/server/subscriptions/replays.ts'
import { Numbers, Reader } from './numbers.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** An immediate takes a millisecond of fake time. */
const settled = () => vi.advanceTimersByTimeAsync(100)
const long = () => vi.advanceTimersByTimeAsync(5_000)

async function subscribed(numbers: Numbers, count: number): Promise<Reader[]> {
  const { open } = numbers
  const channel = new Channel({
    name: '1',
    open,
    replays: new Replays(),
    recent: new RecentEvents(),
    onIdle: () => {},
  })
  const readers = Array.from({ length: count }, () => new Reader())
  await Promise.all(readers.map((reader) => channel.join(reader, 'caller', null)))
  await settled()
  return readers
}

/** Lets each take no more after another row. @returns the rows */
async function stopOneAfterTheOther(numbers: Numbers, readers: Reader[]): Promise<number[]> {
  for (const [n, reader] of readers.entries()) {
    reader.full = true
    numbers.add(2 * n, 2 * n + 1)
    await settled()
  }
  numbers.add(...Array.from({ length: 100 }, (_, n) => 1_000 + n))
  await long()
  return numbers.rows
}

test('those who stayed behind at many places catch up by one source, and have everything', async () => {
  const numbers = new Numbers()
  const [live, ...slow] = await subscribed(numbers, 21)
  const rows = await stopOneAfterTheOther(numbers, slow)
  expect(live?.rows).toEqual(rows)
  const { opened, reads } = numbers
  for (const reader of slow) reader.full = false
  await settled()
  for (const reader of slow) expect(reader.rows).toEqual(rows)
  expect(numbers.opened).toBe(opened + 1)
  // From the first of their places, two rows at a time, and the end that is read once more.
  expect(numbers.reads - reads).toBeLessThanOrEqual(rows.length / 2 + 1)
  expect(numbers.sources).toBe(1)
})

test('who is late for those that catch up goes with the next, who all go together', async () => {
  const numbers = new Numbers()
  const [, first, ...late] = (await subscribed(numbers, 12)).reverse()
  const rows = await stopOneAfterTheOther(numbers, [...late].reverse().concat(first as Reader))
  const { opened } = numbers
  const reading = Promise.withResolvers<void>()
  numbers.until = reading.promise
  // It is further on than the others, who begin while it reads.
  ;(first as Reader).full = false
  await settled()
  for (const reader of late) reader.full = false
  await settled()
  expect(numbers.opened).toBe(opened + 1)
  reading.resolve()
  await settled()
  for (const reader of [first as Reader, ...late]) expect(reader.rows).toEqual(rows)
  expect(numbers.opened).toBe(opened + 2)
  expect(numbers.sources).toBe(1)
})

/** Whole numbers below a bound, the same for the same seed. */
function drawing(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

test.each([true, false])(
  'whoever takes no more whenever misses nothing in the end (ordered: %s)',
  async (isOrdered) => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const draw = drawing(seed)
      const numbers = new Numbers()
      numbers.isOrdered = isOrdered
      const readers = await subscribed(numbers, 1 + draw(12))
      for (let step = 0; step < 120; step += 1) {
        const reader = readers[draw(readers.length)] as Reader
        const what = draw(5)
        if (what === 0) reader.full = true
        else if (what === 1) reader.full = false
        else if (what === 2) await vi.advanceTimersByTimeAsync(draw(1_500))
        else numbers.add(...Array.from({ length: 1 + draw(4) }, (_, n) => numbers.rows.length + n))
        if (draw(2) === 0) await settled()
      }
      for (const reader of readers) reader.full = false
      await long()
      for (const { rows } of readers) expect([seed, [...new Set(rows)]]).toEqual([seed, numbers.rows])
      // All are together again.
      numbers.add(1_000_000)
      await settled()
      for (const { rows } of readers) expect([seed, rows.at(-1)]).toEqual([seed, 1_000_000])
      numbers.isOver = true
      numbers.wake()
      await settled()
      for (const { isOver, done } of readers) expect([seed, isOver, done]).toEqual([seed, true, true])
    }
  },
)

test('who catches up waits for its turn, however long that takes', async () => {
  const numbers = new Numbers()
  const replays = new Replays()
  const { open } = numbers
  const channel = new Channel({ name: '1', open, replays, recent: new RecentEvents(), onIdle: () => {} })
  const reader = new Reader()
  await channel.join(reader, 'caller', null)
  await settled()
  reader.full = true
  numbers.add(1, 2, 3)
  await long()
  const busy = Promise.withResolvers<void>()
  const others = Array.from({ length: replayLimits.perCaller }, () => replays.run('caller', false, () => busy.promise))
  reader.full = false
  await vi.advanceTimersByTimeAsync(2 * replayLimits.waitMs)
  expect([reader.rows, reader.isOver]).toEqual([[], false])
  busy.resolve()
  await Promise.all(others)
  await settled()
  expect([reader.rows, reader.isOver]).toEqual([[1, 2, 3], false])
})
