/** Documents that ask for everything in the schema, as a project's data allows. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLUnionType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import { schema } from '../../schema/index.ts'
import type { FilledProject } from './filled-project.ts'

export type Field = GraphQLField<unknown, unknown>

export const query = schema.getQueryType() as GraphQLObjectType
export const subscriptions = Object.values(schema.getSubscriptionType()?.getFields() ?? {})
const node = schema.getType('Node')
export const nodeTypes = Object.values(schema.getTypeMap())
  .filter((type) => type instanceof GraphQLObjectType)
  .filter((type) => type.getInterfaces().some((one) => one === node))

/** Everything below a type, up to the next nodes. */
export function selectionOf(
  project: FilledProject,
  type: GraphQLNamedType,
  way: readonly GraphQLNamedType[] = [],
): string {
  if (type === node || nodeTypes.includes(type as GraphQLObjectType)) return '{ __typename id }'
  if (type instanceof GraphQLUnionType) {
    const members = type.getTypes().map((member) => `... on ${member.name} ${selectionOf(project, member, way)}`)
    return `{ __typename ${members.join(' ')} }`
  }
  if (!(type instanceof GraphQLObjectType)) return ''
  const below = [type, ...way]
  const ends = (named: GraphQLNamedType) => nodeTypes.includes(named as GraphQLObjectType) || !below.includes(named)
  const fields = Object.values(type.getFields()).filter((field) => ends(getNamedType(field.type)))
  return `{ __typename ${fields.map((field) => called(project, field, {}, below)).join(' ')} }`
}

/**
 * A field with its required arguments and everything below it.
 * @param given arguments as GraphQL, in place of the project's
 */
export function called(
  project: FilledProject,
  field: Field,
  given: Record<string, string> = {},
  way: readonly GraphQLNamedType[] = [],
): string {
  const required = field.args.filter((argument) => isRequiredArgument(argument) && argument.defaultValue === undefined)
  const own = required.map((argument) => [argument.name, argumentOf(project, field, argument)])
  const args = Object.entries({ ...Object.fromEntries(own), ...given }).map(([name, value]) => `${name}: ${value}`)
  const selection = selectionOf(project, getNamedType(field.type), way)
  return `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''} ${selection}`
}

function argumentOf({ name: project, ids }: FilledProject, field: Field, { name, type }: GraphQLArgument): string {
  const values: Record<string, unknown> = {
    baselineId: ids.Run?.[0],
    candidateIds: [ids.Run?.[1]],
    datasetId: ids.Dataset?.[0],
    runId: ids.Run?.[0],
    runIds: [ids.Run?.[0], ids.Run?.[1]],
    name: project,
    version: 1,
    path: ['tier'],
    ...(getNamedType(field.type).name === 'Run' ? { id: ids.Run?.[0] } : {}),
    ...(field.name === 'runItemOutput' ? { id: ids.RunItem?.[0] } : {}),
  }
  if (name === 'score') return '"any"'
  if (values[name] !== undefined) return JSON.stringify(values[name])
  if (name === 'task') return promptTaskOf(project)
  if (field.name === 'labelChanges') return '{ score: { name: "tone" } }'
  if (name === 'of') return '{ score: { name: "similarity" } }'
  if (name === 'metric' || name === 'per') return '{ score: { name: "good" } }'
  if (isEnumType(getNamedType(type)) || isInputObjectType(getNamedType(type))) return literal(type, [], '')
  throw new Error(`no case for the argument ${name} of ${field.name}`)
}

/** A prompt on the model that the project has a price for, and runs. */
function promptTaskOf(project: string): string {
  const prompt = `{ content: { messages: [{ role: USER, content: "{{input}}" }], parameters: { maxOutputTokens: 9 } } }`
  return `{ prompt: { provider: "${project}", model: "model of ${project}", prompt: ${prompt} } }`
}

/** A value of an input type with the id at this path in it, and whatever else it needs. */
export function literal(type: GraphQLInputType, [member, ...path]: readonly string[], id: string): string {
  if (type instanceof GraphQLNonNull) return literal(type.ofType, [member ?? [], ...path].flat(), id)
  if (isListType(type)) return `[${literal(type.ofType, [member ?? [], ...path].flat(), id)}]`
  if (isEnumType(type)) return type.getValues()[0]?.name ?? ''
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
    const needed = type.isOneOf && member === undefined ? fields.slice(0, 1) : fields.filter(isRequiredInputField)
    const members = new Set([...needed, ...fields.filter(({ name }) => name === member)])
    const values = [...members].map(
      (field) => `${field.name}: ${literal(field.type, field.name === member ? path : [], id)}`,
    )
    return `{ ${values.join(', ')} }`
  }
  const scalars: Record<string, string> = { ID: JSON.stringify(id), String: '"good"', Boolean: 'true' }
  return scalars[type.name] ?? '1'
}

/** Everything that takes an id outside of mutations, also within inputs. */
export function idArguments(): { name: string; type: GraphQLObjectType; field: Field; path: string[] }[] {
  const pathsIn = (type: GraphQLNamedType, path: string[]): string[][] => {
    if (type.name === 'ID') return [path]
    if (!isInputObjectType(type)) return []
    return Object.values(type.getFields()).flatMap((member) =>
      pathsIn(getNamedType(member.type), [...path, member.name]),
    )
  }
  return Object.values(schema.getTypeMap())
    .filter((type) => type instanceof GraphQLObjectType && type !== schema.getMutationType())
    .flatMap((type) =>
      Object.values((type as GraphQLObjectType).getFields()).flatMap((field) =>
        field.args
          .flatMap((argument) => pathsIn(getNamedType(argument.type), [argument.name]))
          .map((path) => ({
            name: `${type.name}.${field.name}(${path.join('.')})`,
            type: type as GraphQLObjectType,
            field,
            path,
          })),
      ),
    )
}

/** All fields that can be reached, as `Type.field`. */
export function reachableFields(): string[] {
  const types = new Set<GraphQLNamedType>()
  const reach = (type: GraphQLNamedType): void => {
    if (types.has(type)) return
    types.add(type)
    if (type instanceof GraphQLUnionType) type.getTypes().forEach(reach)
    if (!(type instanceof GraphQLObjectType)) return
    for (const field of Object.values(type.getFields())) reach(getNamedType(field.type))
  }
  for (const type of [query, ...nodeTypes, ...subscriptions.map((field) => getNamedType(field.type))]) reach(type)
  return [...types]
    .filter((type) => type instanceof GraphQLObjectType)
    .flatMap((type) => Object.keys(type.getFields()).map((name) => `${type.name}.${name}`))
}
