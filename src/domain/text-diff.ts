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
/** Texts further apart than this many insertions and deletions, or slower to compare, are shown as replaced. */
const bounds = { maxEditLength: 2_000, timeout: 10 }

/** The parts of two outputs, in order. JSON that is no text is compared as indented JSON. Takes about 20 ms at most. */
export function diffOutputs(before: Json, after: Json): DiffPart[] {
  const [a, b] = [asText(before), asText(after)]
  if (a === b) return a === '' ? [] : [{ kind: 'SAME', text: a }]
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
