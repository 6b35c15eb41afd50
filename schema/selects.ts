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
export function selects({ fieldNodes, fragments, variableValues }: GraphQLResolveInfo, ...path: string[]): boolean {
  const isIncluded = (node: SelectionNode) =>
    getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false
  const has = (set: SelectionSetNode | undefined, [name, ...rest]: string[]): boolean =>
    set?.selections.some((node) => {
      if (!isIncluded(node)) return false
      if (node.kind === Kind.FIELD) {
        return node.name.value === name && (rest.length === 0 || has(node.selectionSet, rest))
      }
      const { selectionSet } = node.kind === Kind.INLINE_FRAGMENT ? node : (fragments[node.name.value] ?? {})
      return has(selectionSet, [name ?? '', ...rest])
    }) ?? false
  return fieldNodes.some((node) => has(node.selectionSet, path))
}
