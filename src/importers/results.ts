/** What a file of another tool says, in our terms. */

export interface ImportedItem {
  /** The tool's own name for it, if it has one. */
  key: string | null
  input: unknown
  expectedOutput?: unknown
  metadata?: unknown
  tags?: string[]
}

export interface ImportedScore {
  name: string
  /** Null when the tool could not say. */
  value: number | boolean | string | null
  comment?: string
  metadata?: unknown
  /** Why there is no value. */
  error?: string
}

/** One execution of an item: an output, or an error. */
export interface ImportedResult {
  /** The place of the item in the list. */
  item: number
  /** From 0. */
  repetition: number
  output?: unknown
  error?: { code: string; message: string }
  latencyMs: number | null
  costUsd: number | null
  inputTokens: number | null
  outputTokens: number | null
  scores: ImportedScore[]
}

export interface ImportedRun {
  name: string
  experiment: string
  metadata: Record<string, unknown>
  results: ImportedResult[]
}

export interface ImportedFile {
  dataset: string
  items: ImportedItem[]
  runs: ImportedRun[]
  /** What was not taken over: a sentence each, and how often. */
  left: Left
}

/** Counts what does not fit, so that nothing is dropped in silence. */
export class Left {
  readonly #counts = new Map<string, number>()

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  /** The most frequent first. */
  entries(): [what: string, count: number][] {
    return [...this.#counts].sort((a, b) => b[1] - a[1])
  }
}

/** A file that is not what it was said to be. */
export class FormatError extends Error {}

export type Members = Record<string, unknown>

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectOf(value: unknown): Members {
  return isObject(value) ? value : {}
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
