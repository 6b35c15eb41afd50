import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/domain/clock.ts'
import { feedPause, inSteps, stepsOf } from '../../src/server/limits/in-steps.ts'
import { LoopTime, loopTimeLimits } from '../../src/server/limits/loop-time.ts'

/** Feeds of a caller beside another one who asks for something. */
function openFeeds() {
  const loopTime = new LoopTime(systemClock)
  const ask = () => loopTime.asked('other', 0)
  ask()
  const other = setInterval(ask, 20)
  onTestFinished(() => clearInterval(other))
  const gone = new AbortController()
  const steps = (characters: number) =>
    inSteps(stepsOf('x'.repeat(characters)), feedPause(gone.signal), loopTime, 'feeds')
  return { loopTime, gone, steps }
}

test('feeds pay for themselves: however many a caller has, its operations do not wait for them', async () => {
  const { loopTime, steps } = openFeeds()
  // Bytes alone count, not what a busy machine makes of the steps.
  loopTime.worksFor = () => {}
  const pauses: number[] = []
  const feed = async () => {
    for await (const _ of steps(1_000_000)) pauses.push(loopTime.pauseOf('feeds'))
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: 9 }, feed))
  // 9 MB are about 300 ms of the loop, of which a caller gets a third beyond the first 100.
  expect(performance.now() - startedAt).toBeGreaterThan(400)
  expect(pauses.filter((pause) => pause > 0)).toEqual([])
})

test('a feed beside operations of its caller that take all it may have goes on', async () => {
  const { loopTime, steps } = openFeeds()
  const operate = () => loopTime.asked('feeds', loopTimeLimits.maxDebtMs)
  operate()
  const operations = setInterval(operate, 10)
  onTestFinished(() => clearInterval(operations))
  const startedAt = performance.now()
  let bytes = 0
  for await (const step of steps(500_000)) bytes += step.length
  expect(bytes).toBe(500_000)
  expect(performance.now() - startedAt).toBeLessThan(3_000)
})

test('a feed whose client goes does not wait for those before it', async () => {
  const { loopTime, gone, steps } = openFeeds()
  loopTime.asked('feeds', loopTimeLimits.maxDebtMs)
  const feeds = Array.from({ length: 50 }, () => steps(500_000))
  await Promise.all(feeds.map((feed) => feed.next()))
  const seconds = feeds.map((feed) => feed.next())
  await setTimeout(50)
  const startedAt = performance.now()
  gone.abort()
  await Promise.all(seconds)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})
