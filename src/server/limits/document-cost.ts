/**
 * The cost of an operation before it is executed: the maximum number of objects it could return, given the requested
 * page sizes, plus extra work. A field that takes more work than its objects suggest declares it
 * (`extensions: { cost }`), counted once per parent object, or only where one of some arguments is given
 * (`extensions: { costOnlyWith }`); every search text adds a fixed cost, again for each
 * `countUpTo` of its list. A field that counts rows declares their maximum (`extensions: { counts }`).
 */
import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql'
import { introspectionLengths } from './introspection-lengths.ts'

/** Assumed length of an unpaged list, unless its field declares one (`extensions: { listLength }`). */
const assumedListLength = 10
const defaultPageSize = 20
/** Cost of one text search. */
const searchCost = 1_000
/** A filter by gate computes up to 10 gates, each of which may cost a comparison; in units of searches. */
const searchesPerGateFilter = 20
/** Cost of a row that is counted and not returned. */
const countedRowCost = 0.02

export interface DocumentCost {
  /** Maximum number of returned objects; counted rows are a share of one. */
  objects: number
  /** Extra work, in the same unit. */
  work: number
}

interface SelectionCost extends DocumentCost {
  /** How often the rows of the list are counted, and how many of them altogether. */
  counts: number
  counted: number
}

const nothing: SelectionCost = { objects: 0, work: 0, counts: 0, counted: 0 }

interface CostInput {
  schema: GraphQLSchema
  document: DocumentNode
  operationName?: string | null
  /** Coerced, with defaults applied. */
  variables: Readonly<Record<string, unknown>>
}

/** By document and operation name, where the variables do not matter. */
const constantCosts = new WeakMap<DocumentNode, Map<string | null | undefined, DocumentCost>>()

export function documentCost(input: CostInput): DocumentCost {
  const known = constantCosts.get(input.document)?.get(input.operationName)
  if (known) return known
  const { cost, isConstant } = countCost(input)
  if (isConstant) {
    const costs = constantCosts.get(input.document) ?? new Map()
    constantCosts.set(input.document, costs.set(input.operationName, cost))
  }
  return cost
}

function countCost({ schema, document, operationName, variables }: CostInput) {
  const operation = getOperationAST(document, operationName)
  const root = operation && schema.getRootType(operation.operation)
  if (!root) return { cost: { objects: 0, work: 0 }, isConstant: true }
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === 'FragmentDefinition' ? [[definition.name.value, definition] as const] : [],
    ),
  )
  const counter = new CostCounter(schema, fragments, variables)
  const { objects, work } = counter.selections(operation.selectionSet, root)
  const cost = { objects, work }
  return { cost, isConstant: !counter.readsVariables }
}

class CostCounter {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #counted = new Map<string, SelectionCost>()
  readsVariables = false

  constructor(
    schema: GraphQLSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    variables: Readonly<Record<string, unknown>>,
  ) {
    this.#schema = schema
    this.#fragments = fragments
    this.#variables = variables
  }

  selections(set: SelectionSetNode, type: GraphQLNamedType): SelectionCost {
    const cost = { ...nothing }
    for (const selection of set.selections) {
      const { objects, work, counts, counted } =
        selection.kind === 'Field'
          ? this.#field(selection, type)
          : selection.kind === 'FragmentSpread'
            ? this.#fragment(selection.name.value)
            : this.selections(selection.selectionSet, this.#typeNamed(selection.typeCondition?.name.value) ?? type)
      cost.objects += objects
      cost.work += work
      cost.counts += counts
      cost.counted += counted
    }
    return cost
  }

  /** Computed once: the cost of a fragment does not depend on where it is spread. */
  #fragment(name: string): SelectionCost {
    const known = this.#counted.get(name)
    if (known !== undefined) return known
    const fragment = this.#fragments.get(name)
    const type = this.#typeNamed(fragment?.typeCondition.name.value)
    const cost = fragment && type ? this.selections(fragment.selectionSet, type) : nothing
    this.#counted.set(name, cost)
    return cost
  }

  #field(node: FieldNode, parent: GraphQLNamedType): SelectionCost {
    const field = this.#fieldOf(parent, node.name.value)
    if (!field) return nothing
    const own = this.#declaredCost(node, field)
    const searches = (node.arguments ?? []).reduce((sum, argument) => sum + this.#searches(argument), 0)
    const type = getNamedType(field.type)
    if (!node.selectionSet || !isCompositeType(type)) {
      const work = own + searches * searchCost
      const limit = field.extensions.counts === 'limit' ? this.#argument(node, field, 'limit') : null
      return typeof limit === 'number'
        ? { objects: 0, work, counts: 1, counted: Math.max(0, limit) }
        : { ...nothing, work }
    }
    const rows = this.#rows(node, parent, type, field)
    const within = this.selections(node.selectionSet, type)
    const skipped = this.#argument(node, field, 'skip')
    const passedBy = typeof skipped === 'number' && skipped > 0 ? skipped : 0
    const ownCount = typeof field.extensions.counts === 'number' ? field.extensions.counts : 0
    const counted = within.counted + ownCount + passedBy
    return {
      ...nothing,
      objects: rows * (1 + within.objects) + counted * countedRowCost,
      work: own + searches * searchCost * (1 + within.counts) + rows * within.work,
    }
  }

  #declaredCost(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    const { cost, costOnlyWith } = field.extensions
    if (typeof cost !== 'number') return 0
    return !Array.isArray(costOnlyWith) || costOnlyWith.some((name) => this.#isGiven(node, name)) ? cost : 0
  }

  /** Whether an argument is there, and not an object in which everything is null; within a literal variables are not read. */
  #isGiven(node: FieldNode, name: string): boolean {
    const argument = node.arguments?.find((argument) => argument.name.value === name)?.value
    if (!argument || argument.kind === 'NullValue') return false
    if (argument.kind === 'ObjectValue') return argument.fields.some(({ value }) => value.kind !== 'NullValue')
    const value = this.#valueOf(argument)
    return typeof value === 'object' && value !== null
      ? Object.values(value).some((part) => part != null)
      : value != null
  }

  /** The number of search texts in an argument, including nested filters; a filter by gate counts as several. */
  #searches({ name, value }: ArgumentNode): number {
    if (name.value !== 'search' && name.value !== 'filter') return 0
    return this.#searchesIn(name.value, this.#valueOf(value))
  }

  #searchesIn(name: string, value: unknown): number {
    if (name === 'search' && typeof value === 'string' && value !== '') return 1
    if (name === 'gate' && value != null) return searchesPerGateFilter
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 0
    return name === 'filter'
      ? Object.entries(value).reduce((sum, [part, inner]) => sum + this.#searchesIn(part, inner), 0)
      : 0
  }

  #rows(
    node: FieldNode,
    parent: GraphQLNamedType,
    type: GraphQLNamedType,
    field: GraphQLField<unknown, unknown>,
  ): number {
    const introspected = introspectionLengths(this.#schema).get(`${parent.name}.${node.name.value}`)
    if (introspected !== undefined) return introspected
    // A page multiplies its content once, at the connection, not again at `edges` or `nodes`.
    const isPage = type.name.endsWith('Connection')
    const isList = isListType(getNullableType(field.type))
    if (!isPage && (!isList || parent.name.endsWith('Connection'))) return 1
    for (const name of ['first', 'last']) {
      const size = this.#argument(node, field, name)
      if (typeof size === 'number' && size > 0) return size
    }
    if (isPage) return defaultPageSize
    const ids = this.#argument(node, field, 'ids')
    if (Array.isArray(ids)) return ids.length
    const declared = field.extensions.listLength
    return typeof declared === 'number' ? declared : assumedListLength
  }

  #argument(node: FieldNode, field: GraphQLField<unknown, unknown>, name: string): unknown {
    const value = node.arguments?.find((argument) => argument.name.value === name)?.value
    const given = value && this.#valueOf(value)
    return given ?? field.args.find((argument) => argument.name === name)?.defaultValue
  }

  /** The value as far as the cost depends on it: numbers, strings, objects of these, and lists by length. */
  #valueOf(value: ValueNode): unknown {
    switch (value.kind) {
      case 'Variable':
        this.readsVariables = true
        return this.#variables[value.name.value]
      case 'IntValue':
        return Number(value.value)
      case 'StringValue':
        return value.value
      case 'ListValue':
        return value.values
      case 'ObjectValue':
        return Object.fromEntries(value.fields.map((field) => [field.name.value, this.#valueOf(field.value)]))
      default:
        return undefined
    }
  }

  #fieldOf(parent: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef
    return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
  }

  #typeNamed(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name)
  }
}
