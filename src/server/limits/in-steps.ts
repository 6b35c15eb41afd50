import { setTimeout } from 'node:timers/promises'
import { FairQueue } from '../../domain/limits/fair-queue.ts'
import { type LoopTime, loopTimeLimits } from './loop-time.ts'

/** Characters that are encoded and sent as a whole: about a millisecond. */
export const stepCharacters = 64 * 1024

/** For what a caller has taken too much, between two steps, in milliseconds. */
type Pause = (loopTime: LoopTime, caller: string) => Promise<void>

/** Of an answer, which holds memory until it is sent: one of 16 MB takes some seconds at most. What it owes, the next operation pays. */
export const shortPause: Pause = async (loopTime, caller) => {
  const ms = Math.min(loopTime.pauseOf(caller), 10)
  if (ms > 0) await setTimeout(ms)
}

/**
 * Of a feed, which takes no turn among the operations of its caller: it pays for itself, and leaves half of what may be taken at
 * once to them.
 */
export const wholePause: Pause = async (loopTime, caller) => {
  const ms = () => loopTime.pauseOf(caller, loopTimeLimits.burstMs / 2)
  for (let left = ms(); left > 0; left = ms()) await setTimeout(Math.min(left, 100))
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
    await nextTurn(caller)
    await pause(loopTime, caller)
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
