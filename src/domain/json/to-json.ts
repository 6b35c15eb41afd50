/** Converts what user functions and endpoints return to values that JSON and PostgreSQL can store. */
import { type Json, maxJsonDepth } from './json.ts'
import { findUnstorable, replaceUnstorable } from './storable.ts'

/** A value, or part of it, that has no JSON form. */
export class NotJsonError extends Error {
  constructor(path: string, what: string) {
    super(`${path === '' ? 'the value' : path} is ${what}, which JSON cannot hold`)
    this.name = 'NotJsonError'
  }
}

/**
 * A copy of `value` as JSON. As in `JSON.stringify`, undefined members of objects are left out, undefined elements of
 * arrays and an undefined value become null, and `toJSON` is honoured (dates become ISO strings).
 * @throws {NotJsonError} where `JSON.stringify` would lose or break something: functions, symbols, BigInt, NaN,
 *   infinities, cycles, maps and sets, and text that PostgreSQL cannot store.
 */
export function toJson(value: unknown): Json {
  return convert(value, '', [])
}

function convert(value: unknown, path: string, parents: object[]): Json {
  switch (typeof value) {
    case 'string':
      checkText(value, path)
      return value
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new NotJsonError(path, String(value))
      return value
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : convertObject(value, path, parents)
    default:
      throw new NotJsonError(path, `a ${typeof value}`)
  }
}

function convertObject(value: object, path: string, parents: object[]): Json {
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), path, parents)
  if (parents.includes(value)) throw new NotJsonError(path, 'part of itself (a cycle)')
  if (parents.length >= maxJsonDepth) throw new NotJsonError(path, `nested deeper than ${maxJsonDepth} levels`)
  if (value instanceof Map || value instanceof Set || value instanceof Promise || ArrayBuffer.isView(value)) {
    throw new NotJsonError(path, `a ${value.constructor.name}`)
  }
  const forgotten = whatIsForgotten(value)
  if (forgotten) throw new NotJsonError(path, forgotten)
  const inside = [...parents, value]
  if (Array.isArray(value)) return Array.from(value, (element, index) => convert(element, `${path}[${index}]`, inside))
  const copy: { [key: string]: Json } = {}
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    const memberPath = path === '' ? key : `${path}.${key}`
    checkText(key, memberPath)
    const converted = convert(member, memberPath, inside)
    // Assigning to __proto__ would set the prototype instead of a member.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: converted, enumerable: true })
    else copy[key] = converted
  }
  return copy
}

/** Values without members of their own, which are returned where a step was left out. */
function whatIsForgotten(value: object): string | null {
  if (value instanceof Response || value instanceof Request) {
    return `a ${value.constructor.name} (was \`await response.json()\` forgotten?)`
  }
  if (value instanceof Error) return `an error (was it to be thrown? ${value.name}: ${value.message})`
  if (
    value instanceof URLSearchParams ||
    value instanceof FormData ||
    value instanceof Headers ||
    value instanceof Blob
  ) {
    return `a ${value.constructor.name} (was a conversion to an object or a text forgotten?)`
  }
  if (!Array.isArray(value) && (Symbol.asyncIterator in value || Symbol.iterator in value)) {
    return `a ${value.constructor?.name || 'generator'} (were its parts to be joined?)`
  }
  return null
}

function checkText(text: string, path: string): void {
  const unstorable = findUnstorable(text)
  if (unstorable !== null) throw new NotJsonError(replaceUnstorable(path), `text with ${unstorable}`)
}
