import { type ChangeObject, diffLines, diffWordsWithSpace } from 'diff'
import type { Json } from './json/json.ts'

/** A piece of text that is in both texts, or only in the first (`REMOVED`) or the second (`ADDED`). */
export interface DiffPart {
  kind: 'SAME' | 'ADDED' | 'REMOVED'
  text: string
}

/** Up to this many characters together, texts are compared word by word, beyond it line by line. */
const maxWordDiffLength = 20_000
/** Longer texts are truncated with an ellipsis. */
const maxTextLength = 200_000
/** Texts further apart than this many insertions and deletions are shown as replaced… */
const maxEditLength = 2_000
/** …as are those that take longer than this to compare. */
const maxMs = 10
/**
 * Limit for all diffs of one request: a page of a comparison has up to 1,000 of them, and they block the event loop.
 */
const maxTotalMs = 250

/** The diffs of one request. Once their time is used up, texts that differ are shown as replaced. */
export class OutputDiffs {
  readonly #now: () => number
  #leftMs = maxTotalMs

  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** The parts of two outputs, in order. JSON other than strings is compared as indented JSON. */
  diff(before: Json, after: Json): DiffPart[] {
    const startedAt = this.#now()
    const parts = diffTexts(asText(before), asText(after), Math.min(maxMs, this.#leftMs))
    this.#leftMs -= this.#now() - startedAt
    return parts
  }
}

function diffTexts(a: string, b: string, timeout: number): DiffPart[] {
  if (a === b) return a === '' ? [] : [{ kind: 'SAME', text: a }]
  if (timeout <= 0) return replaced(a, b)
  const bounds = { maxEditLength, timeout }
  const words = a.length + b.length <= maxWordDiffLength ? diffWordsWithSpace(a, b, bounds) : undefined
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
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text
}
