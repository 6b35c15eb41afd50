/** What a call cost, as it reported it. What is no such number is unknown: the output is not lost for it. */

/** A cost in USD beyond which it cannot be one. */
const maxCostUsd = 1e9

const decimal = /^\s*\d+(\.\d+)?(e[+-]?\d+)?\s*$/i

/** US dollars, 0 or more, also as text; null when it is unknown. */
export function costOf(value: unknown): number | null {
  const cost = typeof value === 'string' && decimal.test(value) ? Number(value) : value
  return typeof cost === 'number' && cost >= 0 && cost <= maxCostUsd ? cost : null
}

/** A whole number, 0 or more, also as text; null when it is unknown. */
export function tokensOf(value: unknown): number | null {
  const tokens = typeof value === 'string' && decimal.test(value) ? Number(value) : value
  return typeof tokens === 'number' && Number.isInteger(tokens) && tokens >= 0 && tokens <= 2 ** 31 - 1 ? tokens : null
}

/** Null when neither part is known; one that is not adds nothing. */
export function sumOfTokens(input: number | null | undefined, output: number | null | undefined): number | null {
  return input == null && output == null ? null : (input ?? 0) + (output ?? 0)
}
