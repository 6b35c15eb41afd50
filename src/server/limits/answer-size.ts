/** Whether the JSON of a value exceeds about `limit` characters; stops counting there. */
export function isLargerThan(value: unknown, limit: number): boolean {
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
  return left < 0
}
