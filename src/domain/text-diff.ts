import { type ChangeObject, diffLines, diffWordsWithSpace } from 'diff'
import type { Json } from './json.ts'

/** A stretch of text that two texts share, or that only the first (`REMOVED`) or the second (`ADDED`) has. */
export interface DiffPart {
  kind: 'SAME' | 'ADDED' | 'REMOVED'
  text: string
}

/** Texts up to so many characters together are compared word by word, longer ones line by line. */
const wordLimit = 20_000
/** What is longer is cut, with a mark. */
const textLimit = 200_000
/** Texts further apart than this many insertions and deletions are shown as replaced. */
const maxEditLength = 2_000
/** And those that take longer than this to compare. */
const mostMs = 10
/** What the diffs of one request may take together: a page of a comparison has 1,000 of them, and they hold up everybody. */
const mostMsTogether = 250

/** The diffs of one request. Those that come after it has used up its time are shown as replaced, unless they are equal. */
export class OutputDiffs {
  readonly #now: () => number
  #leftMs = mostMsTogether

  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** The parts of two outputs, in order. JSON that is no text is compared as indented JSON. */
  diff(before: Json, after: Json): DiffPart[] {
    const startedAt = this.#now()
    const parts = diffTexts(asText(before), asText(after), Math.min(mostMs, this.#leftMs))
    this.#leftMs -= this.#now() - startedAt
    return parts
  }
}

function diffTexts(a: string, b: string, timeout: number): DiffPart[] {
  if (a === b) return a === '' ? [] : [{ kind: 'SAME', text: a }]
  if (timeout <= 0) return replaced(a, b)
  const bounds = { maxEditLength, timeout }
  const words = a.length + b.length <= wordLimit ? diffWordsWithSpace(a, b, bounds) : undefined
  const changes: ChangeObject<string>[] | undefined = words ?? diffLines(a, b, bounds)
  if (!changes) return replaced(a, b)
  return changes.map(({ added, removed, value }) => ({
    kind: added ? 'ADDED' : removed ? 'REMOVED' : 'SAME',
    text: value,
  }))
}

function replaced(a: string, b: string): DiffPart[] {
  const parts: DiffPart[] = [
    { kind: 'REMOVED', text: a },
    { kind: 'ADDED', text: b },
  ]
  return parts.filter(({ text }) => text !== '')
}

function asText(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return text.length > textLimit ? `${text.slice(0, textLimit)}…` : text
}
