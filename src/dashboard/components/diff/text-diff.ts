/** The differences of two texts, by words, or by lines if they are long. */
import { diffLines, diffWordsWithSpace } from 'diff'

export interface DiffPart {
  text: string
  /** In which of the two it is. */
  side: 'BOTH' | 'BEFORE' | 'AFTER'
}

/** Characters of both texts together above which lines are compared instead of words. */
const maxWordLength = 8_000

export function diffTexts(before: string, after: string): DiffPart[] {
  const isLong = before.length + after.length > maxWordLength
  const changes = isLong ? diffLines(before, after) : diffWordsWithSpace(before, after)
  return changes.map(({ value, added, removed }) => ({
    text: value,
    side: added ? 'AFTER' : removed ? 'BEFORE' : 'BOTH',
  }))
}
