import { Readable } from 'node:stream'
import { answerSize, isLargerThan } from './limits/answer-size.ts'
import { inSteps, shortPause, stepCharacters, stepsOf } from './limits/in-steps.ts'
import type { LoopTime } from './limits/loop-time.ts'

/** Characters that are written as a whole, which takes some milliseconds at most. */
const smallCharacters = 256 * 1024

/** Whether the JSON of the data of an answer is written in several steps. */
export function takesSteps(data: unknown): boolean {
  return typeof data === 'object' && data !== null && answerSize(data) > smallCharacters
}

/**
 * The JSON of a large value, as UTF-8. Between two steps of writing it, the event loop does other work.
 * @param caller for whom the loop works
 */
export function jsonInSteps(value: object, loopTime: LoopTime, caller: string): BodyInit {
  // The types of `fetch` do not know that Yoga takes a stream of Node as a body.
  const steps = inSteps(piecesOfJson(value), shortPause, loopTime, caller)
  return Readable.from(steps, { objectMode: false }) as unknown as BodyInit
}

/** The JSON of a value in pieces, of which none takes long to write. */
export function* piecesOfJson(value: unknown): Generator<string> {
  if (typeof value === 'string') yield* piecesOfText(value)
  else if (typeof value !== 'object' || value === null || 'toJSON' in value || !isLargerThan(value, stepCharacters)) {
    // What JSON does not have is null in a list, as JSON.stringify makes it.
    yield JSON.stringify(value) ?? 'null'
  } else if (Array.isArray(value)) {
    for (const [n, member] of value.entries()) {
      yield n === 0 ? '[' : ','
      yield* piecesOfJson(member)
    }
    yield ']'
  } else {
    let separator = '{'
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined || typeof member === 'function') continue
      yield `${separator}${JSON.stringify(name)}:`
      separator = ','
      yield* piecesOfJson(member)
    }
    yield separator === '{' ? '{}' : '}'
  }
}

function* piecesOfText(text: string): Generator<string> {
  yield '"'
  // Half a surrogate pair would be escaped.
  for (const part of stepsOf(text)) yield JSON.stringify(part).slice(1, -1)
  yield '"'
}
