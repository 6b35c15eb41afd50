import type { DocumentNode } from 'graphql'

/**
 * What is known of documents, by their text, as long as the texts together stay below a limit; those used longest ago go
 * first. A syntax tree takes about 60 bytes for each character, and the function compiled from it as much again, so texts
 * are what is counted.
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
  /** Characters of all documents that are remembered, and of all that could not be parsed. */
  documents: 1024 * 1024,
  errors: 256 * 1024,
}

/** For Yoga: what parsing and validating gave is found by document, which is found here. */
export function createDocumentCaches() {
  return {
    documentCache: new DocumentCache<DocumentNode>(documentCacheLimits.documents),
    errorCache: new DocumentCache<Error>(documentCacheLimits.errors),
  }
}
