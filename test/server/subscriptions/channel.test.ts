/** Subscribers of a channel over a feed of numbers that the test extends. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Channel } from '../../../src/server/subscriptions/channel.ts'
import { RecentEvents } from '../../../src/server/subscriptions/recent-events.ts'
import { ReplayRefusedError, Replays, replayLimits } from '../../../src/server/subscriptions/replays.ts'
import { Numbers, Reader } from './numbers.ts'

let numbers: Numbers
let idle: number
let channel: Channel

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
  numbers = new Numbers()
  idle = 0
  channel = new Channel({
    name: '1',
    open: numbers.open,
    replays: new Replays(),
    recent: new RecentEvents(),
    onIdle: () => {
      idle += 1
    },
  })
})
afterEach(() => void vi.useRealTimers())

/** An immediate takes a millisecond of fake time. */
const settled = () => vi.advanceTimersByTimeAsync(100)

async function join(after: string | null = null, reader = new Reader()) {
  const leave = await channel.join(reader, 'caller', after)
  if (typeof leave !== 'function') throw new Error(JSON.stringify(leave))
  return { reader, leave }
}

test('subscribers who begin together share each read and each payload', async () => {
  numbers.add(1, 2, 3)
  const all = await Promise.all([1, 2, 3].map(() => join()))
  await settled()
  numbers.add(4)
  await settled()
  for (const { reader } of all) expect(reader.rows).toEqual([1, 2, 3, 4])
  const [first, ...others] = all.map(({ reader }) => reader.payloads)
  for (const payloads of others) payloads.forEach((payload, index) => void expect(payload).toBe(first?.[index]))
  expect([numbers.opened, numbers.reads]).toEqual([1, 3])
})

test('what was read together comes in parts, between which others have their turn', async () => {
  numbers.add(1, 2, 3, 4, 5, 6)
  const { reader } = await join()
  const seen: number[] = []
  const look = () => {
    seen.push(reader.rows.length)
    if (reader.rows.length < 6) setImmediate(look)
  }
  setImmediate(look)
  await settled()
  expect(seen).toEqual([2, 4, 6])
})

test('a newcomer replays from its own cursor and then shares with those who were there', async () => {
  numbers.add(1, 2, 3, 4, 5)
  const old = await join()
  await settled()
  const [late, resumed] = [await join(), await join('3')]
  await settled()
  expect(numbers.sources).toBe(1)
  const { reads } = numbers
  numbers.add(6)
  await settled()
  expect(numbers.reads).toBe(reads + 1)
  expect(old.reader.rows).toEqual([1, 2, 3, 4, 5, 6])
  expect(late.reader.rows).toEqual([1, 2, 3, 4, 5, 6])
  expect(resumed.reader.rows).toEqual([4, 5, 6])
})

test('a newcomer takes shared reads of the replay, but never a last one from before it came', async () => {
  numbers.add(1, 2, 3)
  await join()
  await settled()
  const { reads } = numbers
  // As if a row was changed in its place: what is newest is read again.
  numbers.rows[2] = 30
  const { reader } = await join()
  await settled()
  expect(reader.rows).toEqual([1, 2, 30])
  expect(numbers.reads).toBe(reads + 1)
})

test('who joins during a read that began before it gets one of its own', async () => {
  const reading = Promise.withResolvers<void>()
  numbers.until = reading.promise
  const first = await join()
  await settled()
  numbers.rows.push(1)
  const second = await join()
  reading.resolve()
  await settled()
  expect(second.reader.payloads[0]?.text).toContain('[1]')
  expect(first.reader.payloads[0]?.text).toContain('[]')
})

test('who joins between two parts of a read takes no last one from before it came', async () => {
  numbers.readsAll = true
  numbers.add(1, 2, 3)
  const first = await join()
  // All that waits for no immediate.
  await new Promise((resolve) => void process.nextTick(resolve))
  expect(first.reader.rows).toEqual([1, 2])
  numbers.rows[2] = 30
  vi.advanceTimersByTime(1)
  const second = await join()
  await settled()
  expect(second.reader.rows).toEqual([1, 2, 30])
  expect(first.reader.rows).toEqual([1, 2, 3])
})

test('one that takes no more stays behind without holding the others, and catches up', async () => {
  numbers.add(1)
  const [slow, fast] = await Promise.all([join(), join()])
  await settled()
  slow.reader.full = true
  for (const row of [2, 3, 4]) {
    numbers.add(row)
    await settled()
  }
  expect(fast.reader.rows).toEqual([1, 2, 3, 4])
  expect(slow.reader.rows).toEqual([1])
  // After a moment: all events are shared still. After a while: none is.
  slow.reader.full = false
  await settled()
  expect(slow.reader.rows).toEqual([1, 2, 3, 4])
  expect(numbers.opened).toBe(1)
  slow.reader.full = true
  numbers.add(5, 6, 7)
  await vi.advanceTimersByTimeAsync(5_000)
  slow.reader.full = false
  await settled()
  expect(slow.reader.rows).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(numbers.sources).toBe(1)
})

test('nothing is read ahead for subscribers who take no more', async () => {
  numbers.add(1)
  const { reader } = await join()
  await settled()
  reader.full = true
  numbers.add(2, 3, 4, 5, 6, 7, 8)
  await settled()
  const { reads } = numbers
  await vi.advanceTimersByTimeAsync(5_000)
  expect(numbers.reads).toBe(reads)
  expect(numbers.sources).toBe(0)
  reader.full = false
  await settled()
  expect(reader.rows).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('the end comes to all, also to one that is behind, and leaves nothing open', async () => {
  numbers.add(1)
  const [slow, fast] = await Promise.all([join(), join()])
  await settled()
  slow.reader.full = true
  numbers.isOver = true
  numbers.add(2)
  await settled()
  expect([fast.reader.isOver, slow.reader.isOver]).toEqual([true, false])
  slow.reader.full = false
  await settled()
  expect([slow.reader.isOver, slow.reader.done, slow.reader.rows]).toEqual([true, true, [1, 2]])
  expect([idle, numbers.sources]).toEqual([1, 0])
})

test('a source ends with its last subscriber', async () => {
  const [first, second] = await Promise.all([join(), join()])
  await settled()
  first.leave()
  first.leave()
  expect([idle, numbers.sources]).toEqual([0, 1])
  second.leave()
  expect([idle, numbers.sources]).toEqual([1, 0])
  numbers.add(1)
  await settled()
  expect(first.reader.rows).toEqual([])
})

test('all who begin together are told why they are refused', async () => {
  numbers.refused = { errors: [] }
  const reader = new Reader()
  const answers = await Promise.all([channel.join(reader, 'a', null), channel.join(new Reader(), 'b', null)])
  expect(answers).toEqual([numbers.refused, numbers.refused])
  expect([idle, reader.payloads]).toEqual([1, []])
})

test('one that catches up is told when it is refused, as after a restore', async () => {
  numbers.add(1)
  const { reader } = await join()
  await settled()
  reader.full = true
  numbers.add(2)
  await vi.advanceTimersByTimeAsync(5_000)
  numbers.refused = { data: null }
  reader.full = false
  await settled()
  expect(reader.payloads.at(-1)?.text).toBe('{"data":null}')
  expect([reader.isOver, idle]).toEqual([true, 1])
})

test('replays wait for each other in turns of callers, and new ones are refused in time', async () => {
  const replays = new Replays()
  const busy = Promise.withResolvers<void>()
  const order: string[] = []
  const read = (caller: string, isFirst = false) =>
    replays.run(caller, isFirst, async () => {
      order.push(caller)
      await busy.promise
    })
  for (let n = 0; n < replayLimits.perCaller + 2; n += 1) void read('many')
  void read('one')
  await settled()
  expect(order).toEqual([...Array(replayLimits.perCaller).fill('many'), 'one'])
  const refused = expect(read('many', true)).rejects.toThrow(ReplayRefusedError)
  await vi.advanceTimersByTimeAsync(replayLimits.waitMs)
  await refused
  busy.resolve()
  await settled()
  expect(order.filter((caller) => caller === 'many')).toHaveLength(replayLimits.perCaller + 2)
})
