import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { FairQueue } from '../domain/limits/fair-queue.ts'
import { isLargerThan } from './limits/answer-size.ts'
import type { LoopTime } from './limits/loop-time.ts'

/** Characters that are written as a whole, which takes some milliseconds at most. */
const smallCharacters = 256 * 1024
/** Characters of a step, and of a value or a part of a text within one: about a millisecond. */
const stepCharacters = 64 * 1024

/** What a step takes beside writing it, in milliseconds: of the database, the socket and readers on the same machine. */
const sendingMs = 2

/** Between two steps, in milliseconds: an answer of 16 MB takes some seconds at most. */
const maxPauseMs = 10

/** Whether the JSON of a value is written in several steps. */
export function takesSteps(value: unknown): boolean {
  return isLargerThan(value, smallCharacters)
}

/**
 * The JSON of a large value, as UTF-8. Between two steps of writing it, the event loop does other work. They stay apart:
 * to put 16 MB together takes as long as to write them.
 * @param caller for whom the loop works, and who pauses between steps while it has taken too much of it
 */
export function jsonInSteps(value: object, loopTime: LoopTime, caller: string): BodyInit {
  // The types of `fetch` do not know that Yoga takes a stream of Node as a body.
  return Readable.from(steps(value, loopTime, caller), { objectMode: false }) as unknown as BodyInit
}

async function* steps(value: object, loopTime: LoopTime, caller: string): AsyncGenerator<Buffer> {
  let text = ''
  for (const piece of pieces(value)) {
    text += piece
    if (text.length < stepCharacters) continue
    yield Buffer.from(text)
    text = ''
    await nextTurn(caller)
    const pauseMs = Math.min(loopTime.pauseOf(caller), maxPauseMs)
    if (pauseMs > 0) await setTimeout(pauseMs)
    loopTime.asked(caller, sendingMs)
    loopTime.worksFor(caller)
  }
  yield Buffer.from(text)
}

const waiting = new FairQueue<() => void>()

/** All large answers together take one step in a turn of the event loop, one caller after the other. */
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

function* pieces(value: unknown): Generator<string> {
  if (typeof value === 'string') yield* piecesOfText(value)
  else if (typeof value !== 'object' || value === null || 'toJSON' in value || !isLargerThan(value, stepCharacters)) {
    // What JSON does not have is null in a list, as JSON.stringify makes it.
    yield JSON.stringify(value) ?? 'null'
  } else if (Array.isArray(value)) {
    for (const [n, member] of value.entries()) {
      yield n === 0 ? '[' : ','
      yield* pieces(member)
    }
    yield ']'
  } else {
    let separator = '{'
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined || typeof member === 'function') continue
      yield `${separator}${JSON.stringify(name)}:`
      separator = ','
      yield* pieces(member)
    }
    yield separator === '{' ? '{}' : '}'
  }
}

function* piecesOfText(text: string): Generator<string> {
  yield '"'
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + stepCharacters, text.length)
    // The halves of a surrogate pair stay together: alone they would be escaped.
    if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1] as string)) to -= 1
    yield JSON.stringify(text.slice(from, to)).slice(1, -1)
    from = to
  }
  yield '"'
}
