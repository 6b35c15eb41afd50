import { replaceUnstorable } from '../domain/json/storable.ts'
import { isObject, type Left } from './results.ts'

/** JSON without the characters that cannot be stored, which become U+FFFD. */
export function storableJson(value: unknown, left: Left): unknown {
  if (typeof value === 'string') {
    const text = replaceUnstorable(value)
    if (text !== value) left.add('a text with U+0000 or a lone surrogate, which is U+FFFD now')
    return text
  }
  if (Array.isArray(value)) return value.map((element) => storableJson(element, left))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [storableJson(key, left) as string, storableJson(member, left)]),
  )
}

/** Parts of a list that are at most so many elements and bytes of JSON; at least one element each. */
export function* batches<T>(list: readonly T[], maxCount: number, maxBytes: number): Generator<T[]> {
  let batch: T[] = []
  let bytes = 0
  for (const element of list) {
    const size = JSON.stringify(element).length
    if (batch.length > 0 && (batch.length === maxCount || bytes + size > maxBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(element)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
