import type { Json } from './json.ts'

/**
 * JSON with the keys of every object sorted, so that equal values have equal text.
 * @param levels maximum nesting depth; default: unlimited
 * @throws {RangeError} when the value is nested deeper
 */
export function canonicalJson(value: Json, levels = Number.POSITIVE_INFINITY): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (levels === 0) throw new RangeError('The value is nested too deeply.')
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element, levels - 1)).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null, levels - 1)}`)
  return `{${members.join(',')}}`
}
