/** References to attachments, `{"$file": "<id>"}`, anywhere in JSON. */
import type { Json } from '../json/json.ts'
import { attachmentIn } from '../prompt/file-parts.ts'

/** Whether a value may have references, by its JSON: nearly none has, and this is much faster than looking for them. */
export function mayHaveReferences(json: string): boolean {
  return json.includes('"$file"')
}

/** The ids of the references in a value, each once, in the order of their appearance. */
export function referencesIn(value: Json): string[] {
  if (typeof value !== 'object' || value === null) return []
  const ids = new Set<string>()
  collect(value, ids)
  return [...ids]
}

function collect(value: object, ids: Set<string>): void {
  const id = attachmentIn(value as Json)
  if (id !== null) {
    ids.add(id)
    return
  }
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) collect(member, ids)
}

/** A copy of a value with something else in place of each reference; the same value if it has none. */
export function mapReferences(value: Json, map: (id: string) => Json): Json {
  if (typeof value !== 'object' || value === null) return value
  const id = attachmentIn(value)
  if (id !== null) return map(id)
  if (Array.isArray(value)) {
    const mapped = value.map((element) => mapReferences(element, map))
    return mapped.some((element, index) => element !== value[index]) ? mapped : value
  }
  const members = Object.entries(value).map(([key, member]) => [key, mapReferences(member, map)] as const)
  return members.some(([key, member]) => member !== value[key]) ? Object.fromEntries(members) : value
}
