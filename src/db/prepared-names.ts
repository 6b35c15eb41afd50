import { hash } from 'node:crypto'

/**
 * Names under which statements are prepared. Each connection keeps the plans of what was prepared on it, so only the first
 * texts of a process get one.
 */
export class PreparedNames {
  readonly #max: number
  readonly #names = new Map<string, string>()

  /** @param max how many texts get a name */
  constructor(max: number) {
    this.#max = max
  }

  /** The name of a statement; undefined when as many others have one. */
  of(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.size === this.#max) return known
    const name = hash('sha1', text, 'base64')
    this.#names.set(text, name)
    return name
  }
}
