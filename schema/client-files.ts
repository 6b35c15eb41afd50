/** What caches of GraphQL clients have to know about the schema, derived from it; docs/graphql-clients.md uses it. */
import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
} from 'graphql'

/** The part of Apollo's type policies that JSON can hold. */
export interface TypePolicy {
  merge?: true
  fields?: Record<string, { merge: false }>
}

/** The object types of every interface and union. */
export function possibleTypes(schema: GraphQLSchema): Record<string, string[]> {
  const abstract = types(schema).filter(isAbstractType)
  return Object.fromEntries(
    abstract.map((type) => [
      type.name,
      schema
        .getPossibleTypes(type)
        .map(({ name }) => name)
        .toSorted(),
    ]),
  )
}

/** The object types without `id`: their objects are part of the object that has them. */
export function valueTypes(schema: GraphQLSchema): string[] {
  return objectTypes(schema)
    .filter((type) => !isRoot(schema, type) && !('id' in type.getFields()))
    .map(({ name }) => name)
}

/**
 * Type policies for Apollo Client: a value is merged with what is known of the same value; a list or a JSON value
 * replaces the one before. Without a policy Apollo warns whenever either may lose data.
 */
export function typePolicies(schema: GraphQLSchema): Record<string, TypePolicy> {
  const values = new Set(valueTypes(schema))
  const policies = objectTypes(schema)
    .filter((type) => type !== schema.getMutationType())
    .map((type): [string, TypePolicy] => {
      const replaced = Object.values(type.getFields()).filter(
        (field) => isListType(getNullableType(field.type)) || getNamedType(field.type).name === 'JSON',
      )
      const fields = Object.fromEntries(replaced.map(({ name }) => [name, { merge: false as const }]))
      return [type.name, { ...(values.has(type.name) && { merge: true }), ...(replaced.length > 0 && { fields }) }]
    })
  return Object.fromEntries(policies.filter(([, policy]) => Object.keys(policy).length > 0))
}

function objectTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  return types(schema).filter(isObjectType)
}

function types(schema: GraphQLSchema) {
  return Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
}

function isRoot(schema: GraphQLSchema, type: GraphQLObjectType): boolean {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type)
}
