import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/domain/clock.ts'
import { inSteps, stepsOf, wholePause } from '../../src/server/limits/in-steps.ts'
import { LoopTime } from '../../src/server/limits/loop-time.ts'

test('feeds pay for themselves: however many a caller has, its operations do not wait for them', async () => {
  const loopTime = new LoopTime(systemClock)
  const other = setInterval(() => loopTime.asked('other', 0), 20)
  onTestFinished(() => clearInterval(other))
  loopTime.asked('other', 0)
  const pauses: number[] = []
  const feed = async () => {
    for await (const _ of inSteps(stepsOf('x'.repeat(3_000_000)), wholePause, loopTime, 'feeds')) {
      pauses.push(loopTime.pauseOf('feeds'))
    }
  }
  const startedAt = performance.now()
  await Promise.all([feed(), feed(), feed()])
  // 9 MB are about 300 ms of the loop, of which a caller gets a third beyond the first 100.
  expect(performance.now() - startedAt).toBeGreaterThan(400)
  expect(pauses.filter((pause) => pause > 0)).toEqual([])
})
