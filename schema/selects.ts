import {
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** Whether the document asks the field that `info` is about for the field at this path below it, under any aliases. */
export function selects(info: GraphQLResolveInfo, ...path: string[]): boolean {
  return selectedFields(info, path.slice(0, -1)).has(path.at(-1) ?? '')
}

/** The names of the fields that the document asks for at this path below the field that `info` is about. */
export function selectedFields(
  { fieldNodes, fragments, variableValues }: GraphQLResolveInfo,
  path: readonly string[],
): ReadonlySet<string> {
  const names = new Set<string>()
  /** Of fragments, each once at each depth: nested ones would multiply the work. */
  const visited = new Set<string>()
  const isIncluded = (node: SelectionNode) =>
    !node.directives?.length ||
    (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
      getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false)
  const collect = (set: SelectionSetNode | undefined, depth: number): void => {
    for (const node of set?.selections ?? []) {
      if (!isIncluded(node)) continue
      if (node.kind === Kind.FIELD) {
        if (depth === path.length) names.add(node.name.value)
        else if (node.name.value === path[depth]) collect(node.selectionSet, depth + 1)
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        collect(node.selectionSet, depth)
      } else if (!visited.has(`${depth} ${node.name.value}`)) {
        visited.add(`${depth} ${node.name.value}`)
        collect(fragments[node.name.value]?.selectionSet, depth)
      }
    }
  }
  for (const node of fieldNodes) collect(node.selectionSet, 0)
  return names
}
