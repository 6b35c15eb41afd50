/**
 * A Pothos plugin that refuses in arguments what PostgreSQL can neither store nor search for, U+0000 and halves of surrogate
 * pairs: it would come back as an internal error. What PostgreSQL itself refuses, though the caller can correct it, is
 * reported as an invalid input.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { explainRefusal } from '../../src/db/explain-refusal.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { maxJsonDepth } from '../../src/domain/json/json.ts'

const pluginName = 'storableArguments'

type Resolve<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>

class StorableArguments<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolve: Resolve<Types>, field: PothosOutputFieldConfig<Types>): Resolve<Types> {
    return Object.keys(field.args).length > 0 ? guard(resolve) : resolve
  }

  override wrapSubscribe(subscribe: Resolve<Types> | undefined): Resolve<Types> | undefined {
    return subscribe && guard(subscribe)
  }
}

function guard<Types extends SchemaTypes>(resolve: Resolve<Types>): Resolve<Types> {
  return (parent, args, context, info) => {
    // Error paths start below `input`, the only argument of a mutation.
    const found = findUnstorable('input' in args ? args.input : args, 0)
    if (found) throw new InvalidInputError(found.message, found.path)
    const result = resolve(parent, args, context, info)
    return result instanceof Promise ? result.catch(refuse) : result
  }
}

function refuse(error: unknown): never {
  throw explainRefusal(error)
}

interface Unstorable {
  message: string
  path: string[]
}

/** What cannot be stored of a value, and where; looks no deeper than `maxJsonDepth`: such values are refused elsewhere. */
function findUnstorable(value: unknown, depth: number): Unstorable | null {
  if (typeof value === 'string') {
    if (value.includes('\0')) return { message: 'Expected text that PostgreSQL can store, got U+0000.', path: [] }
    if (value.isWellFormed()) return null
    return { message: 'Expected text of whole characters, got half of a surrogate pair.', path: [] }
  }
  if (typeof value !== 'object' || value === null || depth >= maxJsonDepth) return null
  for (const name of Object.keys(value)) {
    const ofName = Array.isArray(value) ? null : findUnstorable(name, depth)
    if (ofName) return ofName
    const found = findUnstorable((value as Record<string, unknown>)[name], depth + 1)
    if (found) return { ...found, path: [name, ...found.path] }
  }
  return null
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      storableArguments: StorableArguments<Types>
    }
  }
}

SchemaBuilder.registerPlugin(pluginName, StorableArguments)

export default pluginName
