/** Whether the JSON of a value exceeds about `limit` characters; stops counting there. */
export function isLargerThan(value: unknown, limit: number): boolean {
  let left = limit
  // On every answer, so it is written for speed: one closure, no objects, leaves counted where they are found.
  const count = (container: object): void => {
    for (const name in container) {
      if (left < 0) return
      const part = (container as Record<string, unknown>)[name]
      left -= name.length + 5
      if (typeof part === 'string') left -= part.length
      else if (typeof part === 'object' && part !== null) count(part)
    }
  }
  count([value])
  return left < 0
}
