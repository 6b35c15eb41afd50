/**
 * A Pothos plugin that refuses U+0000 in arguments: PostgreSQL can neither store it nor search for it, so it would come
 * back as an internal error.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { maxJsonDepth } from '../../src/domain/json.ts'

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
    refuseZeros('input' in args ? args.input : args, [])
    return resolve(parent, args, context, info)
  }
}

/** Stops at `maxJsonDepth`: deeper values are refused when they are stored. */
function refuseZeros(value: unknown, path: string[]): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new InvalidInputError('Expected text that PostgreSQL can store, got U+0000.', path)
  } else if (typeof value === 'object' && value !== null && path.length < maxJsonDepth) {
    for (const [name, part] of Object.entries(value)) {
      refuseZeros(name, path)
      refuseZeros(part, [...path, name])
    }
  }
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
