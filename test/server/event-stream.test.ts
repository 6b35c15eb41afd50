import { expect, onTestFinished, test, vi } from 'vitest'
import { shortPause } from '../../src/server/limits/in-steps.ts'
import { LoopTime } from '../../src/server/limits/loop-time.ts'
import { Payload } from '../../src/server/subscriptions/payload.ts'
import { PullSubscriber } from '../../src/server/subscriptions/subscriber.ts'
import { eventStream } from '../../src/server/use-event-streams.ts'

/** The stream of a subscription whose results the test delivers. */
function openStream() {
  const subscriber = new PullSubscriber()
  const leave = vi.fn()
  const stream = eventStream(subscriber.results(leave), shortPause, new LoopTime(performance), 'client')
  const next = async () => String((await stream.next()).value)
  return { subscriber, leave, stream, next }
}

test('comments keep a stream open while nothing happens, and no event is lost or doubled', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { subscriber, leave, next } = openStream()
  expect(await next()).toBe(':\n\n')
  for (let n = 0; n < 3; n++) {
    const comment = next()
    await vi.advanceTimersByTimeAsync(12_000)
    expect(await comment).toBe(':\n\n')
  }
  for (const n of [1, 2]) {
    const event = next()
    await vi.advanceTimersByTimeAsync(11_999)
    subscriber.deliver(new Payload({ data: { n } }))
    expect(await event).toBe(`event: next\ndata: {"data":{"n":${n}}}\n\n`)
  }
  const last = next()
  subscriber.end()
  expect(await last).toBe('event: complete\ndata:\n\n')
  expect(leave).not.toHaveBeenCalled()
  expect(await next()).toBe('undefined')
  expect(leave).toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('what keeps a stream open leaves nothing behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const next = new Promise<never>(() => {})
  const watched = vi.spyOn(next, 'then')
  const stream = eventStream({ next: () => next }, shortPause, new LoopTime(performance), 'client')
  await stream.next()
  for (let n = 0; n < 5; n++) {
    const comment = stream.next()
    await vi.advanceTimersByTimeAsync(12_000)
    await comment
  }
  expect(watched).toHaveBeenCalledOnce()
})

test('a client that goes while a large event is sent has left', async () => {
  const { subscriber, leave, stream, next } = openStream()
  await next()
  const event = next()
  subscriber.deliver(new Payload({ data: { x: 'x'.repeat(1_000_000) } }))
  expect(await event).toMatch(/^event: next\ndata: \{"data":{"x":"x+$/)
  await stream.return(undefined)
  expect(leave).toHaveBeenCalledOnce()
})
