import { expect, test } from 'vitest'
import { LoopTime, loopTimeLimits } from '../../src/server/limits/loop-time.ts'

const { burstMs, maxDebtMs, requestMs, share, shortMs, activeMs } = loopTimeLimits

/** A loop at a time that the test sets, whose callback ends when `endCallback` is called. */
function createLoop() {
  let now = 1_000
  let after: (() => void)[] = []
  const loopTime = new LoopTime({ now: () => now }, (callback) => after.push(callback))
  const pass = (ms: number) => {
    now += ms
  }
  const endCallback = () => {
    const callbacks = after
    after = []
    for (const callback of callbacks) callback()
  }
  /** Works for a caller, beside another one that has just asked. */
  const block = (caller: string, ms: number) => {
    loopTime.asked('other', 0)
    loopTime.worksFor(caller)
    pass(ms)
    endCallback()
  }
  return { loopTime, pass, endCallback, block }
}

test('short blocks cost what they take, longer ones more, in proportion to their length', () => {
  for (const [ms, price] of [
    [shortMs, shortMs],
    [10 * shortMs, 100 * shortMs],
    [4 * shortMs, 16 * shortMs],
  ] as const) {
    const { loopTime, block } = createLoop()
    // As many as make a debt above what may be taken at once.
    const times = Math.ceil((2 * burstMs) / price)
    for (let n = 0; n < times; n++) block('heavy', ms)
    const shrunk = (times - 1) * ms * share
    expect(loopTime.pauseOf('heavy')).toBeCloseTo((times * price - shrunk - burstMs) / share)
    expect(loopTime.pauseOf('other')).toBe(0)
  }
})

test('a pause ends when the time has come, or when the others have gone', () => {
  const { loopTime, pass, block } = createLoop()
  block('heavy', 60)
  const pauseMs = loopTime.pauseOf('heavy')
  expect(pauseMs).toBeGreaterThan(activeMs)
  loopTime.asked('other', 0)
  pass(activeMs)
  expect(loopTime.pauseOf('heavy')).toBeCloseTo(pauseMs - activeMs)
  pass(1)
  expect(loopTime.pauseOf('heavy')).toBe(0)
  loopTime.asked('other', 0)
  expect(loopTime.pauseOf('heavy')).toBeCloseTo(pauseMs - activeMs - 1)
  pass(pauseMs)
  loopTime.asked('other', 0)
  expect(loopTime.pauseOf('heavy')).toBe(0)
})

test('nobody owes more than can be paid in some seconds', () => {
  const { loopTime, block } = createLoop()
  for (let n = 0; n < 10; n++) block('heavy', 5_000)
  loopTime.asked('other', 0)
  expect(loopTime.pauseOf('heavy')).toBeCloseTo((maxDebtMs - burstMs) / share)
})

test('bytes cost in proportion to their number, while others ask', () => {
  const { loopTime } = createLoop()
  const many = burstMs * loopTimeLimits.bytesPerMs
  loopTime.asked('heavy', 0)
  loopTime.carried('heavy', many)
  loopTime.asked('other', 0)
  loopTime.carried('heavy', many)
  expect(loopTime.pauseOf('heavy')).toBe(0)
  loopTime.carried('heavy', many / 2)
  expect(loopTime.pauseOf('heavy')).toBeCloseTo(burstMs / 2 / share)
  expect(loopTime.pauseOf('other')).toBe(0)
})

test('what a caller took while it was alone costs nothing', () => {
  const { loopTime, pass, endCallback } = createLoop()
  loopTime.asked('heavy', 0)
  loopTime.worksFor('heavy')
  pass(10_000)
  endCallback()
  loopTime.asked('other', 0)
  expect(loopTime.pauseOf('heavy')).toBe(0)
})

test('work for one caller ends where work for another begins, or with the callback of the loop', () => {
  const { loopTime, pass, endCallback } = createLoop()
  loopTime.asked('b', 0)
  loopTime.asked('a', 0)
  loopTime.worksFor('a')
  pass(100)
  loopTime.worksFor('b')
  pass(1)
  endCallback()
  pass(10_000)
  loopTime.asked('b', 0)
  loopTime.asked('a', 0)
  const left = (caller: string) => loopTime.pauseOf(caller)
  expect([left('a'), left('b')]).toEqual([0, 0])
  loopTime.worksFor('b')
  pass(100)
  loopTime.worksFor('a')
  endCallback()
  expect(left('b')).toBeGreaterThan(0)
  expect(left('a')).toBe(0)
})

test('many requests cost something, too', () => {
  const { loopTime } = createLoop()
  loopTime.asked('other', 0)
  for (let n = 0; n <= burstMs / requestMs; n++) loopTime.asked('many', requestMs)
  expect(loopTime.pauseOf('many')).toBeGreaterThan(0)
  expect(loopTime.pauseOf('other')).toBe(0)
})
