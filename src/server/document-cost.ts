import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql'

/** How many rows a list is taken to have that is not paged, unless its field says so (`extensions: { listLength }`). */
const assumedListLength = 10
const defaultPageSize = 20

/**
 * How many objects an operation could return at most, taking pages as large as they are asked for. A field that takes more work
 * than its objects show says what it counts for (`extensions: { cost }`), once for each object that it is asked of.
 */
export function documentCost({ schema, document, operationName, variableValues }: ExecutionArgs): number {
  const operation = getOperationAST(document, operationName)
  const root = operation && schema.getRootType(operation.operation)
  if (!root) return 0
  // With their defaults. Those that do not fit are refused by whoever executes.
  const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {})
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === 'FragmentDefinition' ? [[definition.name.value, definition] as const] : [],
    ),
  )
  return new CostCounter(schema, fragments, coerced).selections(operation.selectionSet, root)
}

class CostCounter {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #counted = new Map<string, number>()

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#schema = schema
    this.#fragments = fragments
    this.#variables = variables
  }

  selections(set: SelectionSetNode, type: GraphQLNamedType): number {
    let cost = 0
    for (const selection of set.selections) {
      if (selection.kind === 'Field') cost += this.#field(selection, type)
      else if (selection.kind === 'FragmentSpread') cost += this.#fragment(selection.name.value)
      else cost += this.selections(selection.selectionSet, this.#typeNamed(selection.typeCondition?.name.value) ?? type)
    }
    return cost
  }

  /** Counted once: what a fragment costs does not depend on where it is spread. */
  #fragment(name: string): number {
    const known = this.#counted.get(name)
    if (known !== undefined) return known
    const fragment = this.#fragments.get(name)
    const type = this.#typeNamed(fragment?.typeCondition.name.value)
    const cost = fragment && type ? this.selections(fragment.selectionSet, type) : 0
    this.#counted.set(name, cost)
    return cost
  }

  #field(node: FieldNode, parent: GraphQLNamedType): number {
    if (!node.selectionSet || node.name.value.startsWith('__')) return 0
    const field = this.#fieldOf(parent, node.name.value)
    if (!field) return 0
    const type = getNamedType(field.type)
    if (!isCompositeType(type)) return 0
    const rows = this.#rows(node, parent, type, isListType(getNullableType(field.type)))
    const { cost } = field.extensions
    return (typeof cost === 'number' ? cost : 0) + rows * (1 + this.selections(node.selectionSet, type))
  }

  #rows(node: FieldNode, parent: GraphQLNamedType, type: GraphQLNamedType, isList: boolean): number {
    // A page multiplies everything in it: once, at the connection, not again at its `edges` or `nodes`.
    const isPage = type.name.endsWith('Connection')
    if (!isPage && (!isList || parent.name.endsWith('Connection'))) return 1
    for (const name of ['first', 'last']) {
      const size = this.#argument(node, parent, name)
      if (typeof size === 'number' && size > 0) return size
    }
    if (isPage) return defaultPageSize
    const ids = this.#argument(node, parent, 'ids')
    if (Array.isArray(ids)) return ids.length
    const declared = this.#fieldOf(parent, node.name.value)?.extensions.listLength
    return typeof declared === 'number' ? declared : assumedListLength
  }

  #argument(node: FieldNode, parent: GraphQLNamedType, name: string): unknown {
    const value = node.arguments?.find((argument) => argument.name.value === name)?.value
    if (value?.kind === 'IntValue') return Number(value.value)
    if (value?.kind === 'ListValue') return value.values
    const given = value?.kind === 'Variable' ? this.#variables[value.name.value] : undefined
    const field = this.#fieldOf(parent, node.name.value)
    return given ?? field?.args.find((argument) => argument.name === name)?.defaultValue
  }

  #fieldOf(parent: GraphQLNamedType, name: string) {
    return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
  }

  #typeNamed(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name)
  }
}
