/** The names that a template can use for an item. */

export interface Variable {
  /** As it is written between braces. */
  name: string
  /** What it is replaced by, shortened. */
  sample: string
}

export interface ItemOfVariables {
  input: unknown
  metadata: unknown
}

const maxDepth = 4
const maxVariables = 80

/** Those of the input first, then `input` itself, then those of the metadata. */
export function variablesOf(item: ItemOfVariables | null): Variable[] {
  if (item === null) return []
  const { input, metadata } = item
  const ofInput = membersOf(input, '').map(([name, value]) => [own(name), value] as const)
  const found = [...ofInput, ['input', input] as const, ...membersOf(metadata, 'metadata.')]
  return found.slice(0, maxVariables).map(([name, value]) => ({ name, sample: sampleOf(value) }))
}

/** A member of the input whose name means something else. */
function own(name: string): string {
  return /^(input|metadata)(\.|$)/.test(name) ? `input.${name}` : name
}

function membersOf(value: unknown, prefix: string, depth = 1): (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value)
    .filter(([key, member]) => !/[.{}\n]|^\s*$/.test(key) && member !== null)
    .flatMap(([key, member]) => [
      [`${prefix}${key}`, member] as const,
      ...(depth < maxDepth ? membersOf(member, `${prefix}${key}.`, depth + 1) : []),
    ])
}

function sampleOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
