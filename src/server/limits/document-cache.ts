import type { DocumentNode } from 'graphql'

/**
 * An LRU cache by document text, limited by the total length of the texts: a syntax tree takes about 60 bytes per
 * character, and the function compiled from it as much again.
 */
export class DocumentCache<Value> {
  readonly #values = new Map<string, Value>()
  readonly #maxCharacters: number
  #characters = 0

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  get(text: string): Value | undefined {
    const value = this.#values.get(text)
    if (value === undefined) return undefined
    this.#values.delete(text)
    this.#values.set(text, value)
    return value
  }

  set(text: string, value: Value): void {
    this.delete(text)
    this.#values.set(text, value)
    this.#characters += text.length
    for (const oldest of this.#values.keys()) {
      if (this.#characters <= this.#maxCharacters) break
      this.delete(oldest)
    }
  }

  delete(text: string): void {
    if (this.#values.delete(text)) this.#characters -= text.length
  }

  get characters(): number {
    return this.#characters
  }
}

export const documentCacheLimits = {
  /** Characters of all cached documents, and of all cached syntax errors. */
  documents: 1024 * 1024,
  errors: 256 * 1024,
}

/** For Yoga, which caches validation results by the parsed document. */
export function createDocumentCaches() {
  return {
    documentCache: new DocumentCache<DocumentNode>(documentCacheLimits.documents),
    errorCache: new DocumentCache<Error>(documentCacheLimits.errors),
  }
}
