import { setTimeout } from 'node:timers/promises'
import { FairQueue } from '../../domain/limits/fair-queue.ts'
import { type LoopTime, loopTimeLimits } from './loop-time.ts'

/** Characters that are encoded and sent as a whole: about a millisecond. */
export const stepCharacters = 64 * 1024

/** How long to wait between two steps for what the caller has taken too much. */
export type Pause = (loopTime: LoopTime, caller: string) => Promise<void>

/** Of an answer, which holds memory until it is sent: one of 16 MB takes some seconds at most. The next operation pays the rest. */
export const shortPause: Pause = async (loopTime, caller) => {
  const ms = Math.min(loopTime.pauseOf(caller), 10)
  if (ms > 0) await setTimeout(ms)
}

/** By caller, the last of its feeds that pause. */
const pausing = new Map<string, Promise<void>>()

/**
 * Of a feed, which takes no turn among the operations of its caller: it pays for itself, and leaves half of what may be taken at
 * once to them. Where they take all of it, the feed goes on slowly. The feeds of a caller pause one after the other.
 * @param gone ends the pause
 */
export function feedPause(gone: AbortSignal): Pause {
  return async (loopTime, caller) => {
    const before = pausing.get(caller)
    const paused = (async () => {
      await before
      const ms = Math.min(loopTime.pauseOf(caller, loopTimeLimits.burstMs / 2), 100)
      if (ms > 0) await setTimeout(ms)
    })()
    pausing.set(caller, paused)
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = () => resolve()
    gone.addEventListener('abort', end, { once: true })
    void paused.then(() => {
      if (pausing.get(caller) === paused) pausing.delete(caller)
      end()
    })
    await promise
    gone.removeEventListener('abort', end)
  }
}

/**
 * A long text as UTF-8, in steps, between which the event loop does other work. They stay apart: to put 16 MB together takes as
 * long as to write them.
 * @param pieces of about `stepCharacters` at most
 * @param caller for whom the loop works, and who pauses between steps while it has taken too much
 */
export async function* inSteps(
  pieces: Iterable<string>,
  pause: Pause,
  loopTime: LoopTime,
  caller: string,
): AsyncGenerator<Buffer> {
  let text = ''
  for (const piece of pieces) {
    text += piece
    if (text.length < stepCharacters) continue
    const step = Buffer.from(text)
    loopTime.carried(caller, step.length)
    yield step
    text = ''
    await pause(loopTime, caller)
    await nextTurn(caller)
    loopTime.worksFor(caller)
  }
  if (text !== '') yield Buffer.from(text)
}

/** The parts of a text for steps. The halves of a surrogate pair stay together: alone they are no characters. */
export function* stepsOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + stepCharacters, text.length)
    if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1] as string)) to -= 1
    yield text.slice(from, to)
    from = to
  }
}

const waiting = new FairQueue<() => void>()

/** All long texts together take one step in a turn of the event loop, one caller after the other. */
function nextTurn(caller: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  waiting.push(caller, resolve)
  if (waiting.size === 1) setImmediate(takeTurn)
  return promise
}

function takeTurn(): void {
  waiting.shift()?.()
  if (waiting.size > 0) setImmediate(takeTurn)
}
