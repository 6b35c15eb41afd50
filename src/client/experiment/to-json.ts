/** A value that JSON cannot hold. */
export class NotJsonError extends Error {
  constructor(path: string, what: string) {
    super(`${path || 'the value'} is ${what}, which JSON cannot hold`)
    this.name = 'NotJsonError'
  }
}

const maxDepth = 200

/**
 * A copy of `value` as JSON, as the server stores it: undefined members are left out, `toJSON` is honoured.
 * @throws {NotJsonError} where `JSON.stringify` would lose something (functions, NaN, BigInt, maps, cycles), and for text
 *   that PostgreSQL cannot store
 */
export function toJson(value: unknown): unknown {
  return convert(value, '', [])
}

function convert(value: unknown, path: string, parents: object[]): unknown {
  if (typeof value === 'string') return checked(value, path)
  if (typeof value === 'boolean' || value === null) return value
  if (value === undefined) return null
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value
    throw new NotJsonError(path, String(value))
  }
  if (typeof value !== 'object') throw new NotJsonError(path, `a ${typeof value}`)
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), path, parents)
  if (parents.includes(value)) throw new NotJsonError(path, 'part of itself (a cycle)')
  if (parents.length >= maxDepth) throw new NotJsonError(path, `nested deeper than ${maxDepth} levels`)
  if (value instanceof Map || value instanceof Set || value instanceof Promise || ArrayBuffer.isView(value)) {
    throw new NotJsonError(path, `a ${value.constructor.name}`)
  }
  const inside = [...parents, value]
  if (Array.isArray(value)) return value.map((element, index) => convert(element, `${path}[${index}]`, inside))
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.map(([key, member]) => {
      const at = path === '' ? key : `${path}.${key}`
      return [checked(key, at), convert(member, at, inside)]
    }),
  )
}

/** Half of a surrogate pair. */
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

function checked(text: string, path: string): string {
  if (text.includes('\0')) throw new NotJsonError(path, 'text with the character U+0000')
  if (loneSurrogate.test(text)) throw new NotJsonError(path, 'text with a lone surrogate')
  return text
}

/** The text with U+FFFD in place of what cannot be stored. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').replace(new RegExp(loneSurrogate, 'g'), '\uFFFD')
}
