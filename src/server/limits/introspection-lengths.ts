/** Lengths of introspection lists: exact for types and directives, otherwise averages. */
import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType } from 'graphql'

const known = new WeakMap<GraphQLSchema, ReadonlyMap<string, number>>()

/** Keyed by `Type.field` of the introspection types. */
export function introspectionLengths(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const lengths = known.get(schema) ?? measure(schema)
  known.set(schema, lengths)
  return lengths
}

function measure(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const types = Object.values(schema.getTypeMap())
  let fields = 0
  let args = 0
  let inputFields = 0
  let enumValues = 0
  let related = 0
  for (const type of types) {
    if (isObjectType(type) || isInterfaceType(type)) {
      const own = Object.values(type.getFields())
      fields += own.length
      args += own.reduce((sum, field) => sum + field.args.length, 0)
      related += type.getInterfaces().length
    } else if (isInputObjectType(type)) inputFields += Object.keys(type.getFields()).length
    else if (isEnumType(type)) enumValues += type.getValues().length
    if (isInterfaceType(type) || isUnionType(type)) related += schema.getPossibleTypes(type).length
  }
  const perType = (count: number) => count / types.length
  return new Map([
    ['__Schema.types', types.length],
    ['__Schema.directives', schema.getDirectives().length],
    ['__Type.fields', perType(fields)],
    ['__Type.inputFields', perType(inputFields)],
    ['__Type.enumValues', perType(enumValues)],
    ['__Type.interfaces', perType(related)],
    ['__Type.possibleTypes', perType(related)],
    // At most half of the types are wrappers: non-null or list.
    ['__Type.ofType', 0.5],
    ['__Field.args', args / Math.max(1, fields)],
    ['__Directive.args', 1],
  ])
}
