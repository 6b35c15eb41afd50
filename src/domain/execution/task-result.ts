// In the global registry: a project may load its own copy of this package.
const brand = Symbol.for('assay.result')

/** What a task function can return besides its output; missing parts are unknown. */
export interface ResultParts<Output = unknown> {
  output: Output
  /** In US dollars. */
  costUsd?: number | null
  inputTokens?: number | null
  outputTokens?: number | null
}

export type Result<Output = unknown> = ResultParts<Output> & { readonly [brand]: true }

/** Returns the cost with the output of a task function: `return result({ output, costUsd: 0.002 })`. */
export function result<Output>(parts: ResultParts<Output>): Result<Output> {
  return { ...parts, [brand]: true }
}

export function isResult(value: unknown): value is Result {
  return typeof value === 'object' && value !== null && brand in value
}
