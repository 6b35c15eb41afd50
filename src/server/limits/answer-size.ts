/** Characters in one answer, or event of a subscription. */
export const maxAnswerSize = 16 * 1024 * 1024

const counted = new WeakMap<object, number>()

/** About as many characters as the JSON of the data of an answer has; counted once, and no further than the maximum. */
export function answerSize(data: object): number {
  const known = counted.get(data)
  if (known !== undefined) return known
  const size = sizeOf(data, maxAnswerSize)
  counted.set(data, size)
  return size
}

/** Whether the JSON of a value exceeds about `limit` characters; stops counting there. */
export function isLargerThan(value: unknown, limit: number): boolean {
  return sizeOf(value, limit) > limit
}

function sizeOf(value: unknown, limit: number): number {
  let left = limit
  // On every answer, so it is written for speed. The names of an object may be enumerated, the indexes of a list not: that
  // took six times as long, as long as JSON.stringify.
  const add = (part: unknown): void => {
    left -= 5
    if (typeof part === 'string') left -= part.length
    else if (typeof part === 'object' && part !== null) count(part)
  }
  const count = (container: object): void => {
    if (Array.isArray(container)) {
      for (const part of container) {
        if (left < 0) return
        add(part)
      }
      return
    }
    for (const name in container) {
      if (left < 0) return
      left -= name.length
      add((container as Record<string, unknown>)[name])
    }
  }
  add(value)
  return limit - left
}
