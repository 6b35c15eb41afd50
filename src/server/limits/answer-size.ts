/** Whether the JSON of a value exceeds about `limit` characters; stops counting there. */
export function isLargerThan(value: unknown, limit: number): boolean {
  return new Measure(limit).exceededBy(value)
}

class Measure {
  #left: number

  constructor(limit: number) {
    this.#left = limit
  }

  exceededBy(value: unknown): boolean {
    if (typeof value === 'string') this.#left -= value.length + 3
    else if (typeof value !== 'object' || value === null) this.#left -= 5
    else if (Array.isArray(value)) {
      this.#left -= 2
      for (const part of value) if (this.exceededBy(part)) return true
    } else {
      this.#left -= 2
      for (const name in value) {
        this.#left -= name.length + 4
        if (this.exceededBy((value as Record<string, unknown>)[name])) return true
      }
    }
    return this.#left < 0
  }
}
