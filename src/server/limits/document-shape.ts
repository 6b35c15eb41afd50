import type { DocumentNode, SelectionSetNode } from 'graphql'

/** How large a document is, by what it says. */
export interface DocumentShape {
  /** Of the operation with the most. */
  depth: number
  aliases: number
  /** Of all operations together, with every fragment written out. */
  selections: number
}

/** Every fragment is measured once, so that nested fragments cannot multiply the work. */
export function measureDocument(document: DocumentNode): DocumentShape {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === 'FragmentDefinition' ? [[definition.name.value, definition.selectionSet] as const] : [],
    ),
  )
  const measured = new Map<string, DocumentShape>()
  const nothing = { depth: 0, aliases: 0, selections: 0 }

  const measureFragment = (name: string): DocumentShape => {
    const known = measured.get(name)
    if (known) return known
    // Also breaks cycles, which another rule reports.
    measured.set(name, nothing)
    const set = fragments.get(name)
    const shape = set ? measureSet(set) : nothing
    measured.set(name, shape)
    return shape
  }
  const measureSet = (set: SelectionSetNode): DocumentShape => {
    const total = { ...nothing }
    for (const selection of set.selections) {
      const inner =
        selection.kind === 'FragmentSpread'
          ? measureFragment(selection.name.value)
          : selection.selectionSet
            ? measureSet(selection.selectionSet)
            : nothing
      const own = selection.kind === 'Field' ? 1 : 0
      // Introspection queries are deeper than the limit by nature.
      const isIntrospection = selection.kind === 'Field' && selection.name.value.startsWith('__')
      if (!isIntrospection) total.depth = Math.max(total.depth, inner.depth + own)
      total.aliases += inner.aliases + (selection.kind === 'Field' && selection.alias ? 1 : 0)
      total.selections += inner.selections + 1
    }
    return total
  }
  const shapes = document.definitions.map((definition) =>
    definition.kind === 'OperationDefinition' ? measureSet(definition.selectionSet) : nothing,
  )
  return {
    depth: Math.max(...shapes.map((shape) => shape.depth)),
    aliases: Math.max(...shapes.map((shape) => shape.aliases)),
    selections: shapes.reduce((sum, shape) => sum + shape.selections, 0),
  }
}
