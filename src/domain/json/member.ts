import type { Json } from './json.ts'

/** The own member of an object, or the element of an array by its index; undefined if there is none. */
export function memberOf(value: Json, key: string): Json | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined
  if (value !== null && typeof value === 'object') return Object.hasOwn(value, key) ? value[key] : undefined
  return undefined
}

/** What can be said of a value that lacks a member: "has only a, b", "is null". */
export function whatItHas(value: Json): string {
  if (value === null) return 'is null'
  if (Array.isArray(value)) return `is an array of ${value.length}`
  if (typeof value !== 'object') return `is a ${typeof value}`
  const keys = Object.keys(value)
  return keys.length === 0 ? 'is an empty object' : `has only ${keys.slice(0, 10).join(', ')}`
}
