/** A filter by metadata: what the metadata of an item must have, as JSON; conditions at several paths lie in each other. */

export type MetadataFilter = Readonly<Record<string, unknown>>

/** One value that the metadata must have. */
export interface Condition {
  path: readonly string[]
  value: unknown
}

/** What the metadata of some items have: their paths with the values there, the most frequent first. */
export type KnownMetadata = ReadonlyMap<string, { path: readonly string[]; values: readonly unknown[] }>

const maxDepth = 4
const maxPaths = 200
/** Longer texts are none to choose from. */
const maxText = 120

export function conditionsOf(filter: MetadataFilter | undefined): Condition[] {
  return leavesOf(filter ?? {}, [])
}

/** @returns undefined when nothing is left of it */
export function without(filter: MetadataFilter, removed: Condition): MetadataFilter | undefined {
  const text = JSON.stringify(removed.path)
  const kept = conditionsOf(filter).filter(({ path }) => JSON.stringify(path) !== text)
  return kept.length === 0 ? undefined : kept.reduce<MetadataFilter>(withCondition, {})
}

/** In place of what was asked for at this path, and above and below it. */
export function withCondition(filter: MetadataFilter, { path, value }: Condition): MetadataFilter {
  const [key = '', ...rest] = path
  const before = filter[key]
  return {
    ...filter,
    [key]: rest.length === 0 ? value : withCondition(isObject(before) ? before : {}, { path: rest, value }),
  }
}

export function describeCondition({ path, value }: Condition): string {
  return `${nameOfPath(path)}: ${writeValue(value)}`
}

/** `customer.country`. */
export function nameOfPath(path: readonly string[]): string {
  return path.map((key) => (/[.\s"]|^$/.test(key) ? JSON.stringify(key) : key)).join('.')
}

/** A text as it is, unless it would be taken for something else. */
export function writeValue(value: unknown): string {
  const json = JSON.stringify(value)
  return typeof value === 'string' && parseValue(value) === value ? value : json
}

/** A number, true, false, null or JSON as such; anything else is a text. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export function knownMetadata(samples: readonly unknown[]): KnownMetadata {
  const counts = new Map<string, { path: readonly string[]; values: Map<string, { value: unknown; count: number }> }>()
  for (const sample of samples) {
    for (const { path, value } of leavesOf(sample, [])) {
      const name = nameOfPath(path)
      const found = counts.get(name) ?? { path, values: new Map() }
      if (!counts.has(name) && counts.size >= maxPaths) continue
      counts.set(name, found)
      const text = JSON.stringify(value)
      if (text.length > maxText) continue
      found.values.set(text, { value, count: (found.values.get(text)?.count ?? 0) + 1 })
    }
  }
  return new Map(
    [...counts].map(([name, { path, values }]) => [
      name,
      { path, values: [...values.values()].sort((a, b) => b.count - a.count).map(({ value }) => value) },
    ]),
  )
}

function leavesOf(value: unknown, path: readonly string[]): Condition[] {
  if (isObject(value) && path.length < maxDepth && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...path, key]))
  }
  return path.length === 0 ? [] : [{ path, value }]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
