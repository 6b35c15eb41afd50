import {
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** Whether the document asks the field that `info` is about for one of its own fields, under any alias. */
export function selects({ fieldNodes, fragments, variableValues }: GraphQLResolveInfo, name: string): boolean {
  const isIncluded = (node: SelectionNode) =>
    getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false
  const has = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((node) => {
      if (!isIncluded(node)) return false
      if (node.kind === Kind.FIELD) return node.name.value === name
      return has(node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments[node.name.value]?.selectionSet)
    }) ?? false
  return fieldNodes.some((node) => has(node.selectionSet))
}
