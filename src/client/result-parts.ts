// In the global registry: a project may load its own copy of this package, and `result` of `assay` makes the same.
const brand = Symbol.for('assay.result')

/** What a task can return besides its output; missing parts are unknown. */
export interface ResultParts<Output = unknown> {
  output: Output
  /** In US dollars. */
  costUsd?: number | null
  inputTokens?: number | null
  outputTokens?: number | null
}

export type Result<Output = unknown> = ResultParts<Output> & { readonly [brand]: true }

/** Returns the cost with the output of a task: `return result({ output, costUsd: 0.002 })`. */
export function result<Output>(parts: ResultParts<Output>): Result<Output> {
  return { ...parts, [brand]: true }
}

/**
 * What a task returned: what `result` was given, the text and tokens of a result of the AI SDK, else the output itself.
 */
export function partsOf(returned: unknown): ResultParts {
  if (typeof returned !== 'object' || returned === null) return { output: returned ?? null }
  if (brand in returned) return returned as Result
  if (!('text' in returned && 'usage' in returned && 'finishReason' in returned && 'steps' in returned)) {
    return { output: returned }
  }
  const { inputTokens, outputTokens } = (returned.usage ?? {}) as { inputTokens?: number; outputTokens?: number }
  return { output: outputOf(returned), inputTokens: inputTokens ?? null, outputTokens: outputTokens ?? null }
}

/** The structured output, if one was asked for: without, reading it throws or gives the text. */
function outputOf(returned: object & Record<'text', unknown>): unknown {
  try {
    const { output } = returned as { output?: unknown }
    return output ?? returned.text
  } catch {
    return returned.text
  }
}
