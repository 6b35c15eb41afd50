/** Characters in one answer, or event of a subscription. */
export const maxAnswerSize = 16 * 1024 * 1024

/** Where data have their size. Not in a WeakMap: what that has as keys outlives collections of the young generation. */
const sizeKey = Symbol('size')

/** About as many characters as the JSON of the data of an answer has; counted once, and no further than the maximum. */
export function answerSize(data: object & { [sizeKey]?: number }): number {
  data[sizeKey] ??= sizeOf(data, maxAnswerSize)
  return data[sizeKey]
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
