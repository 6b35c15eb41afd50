/**
 * A Pothos plugin that keeps the place of errors. graphql takes any error with a `path` array for one of its own that is
 * already located, and our UserErrors have such a path: that of the input. Wrapped, they get the place in the answer too.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import { GraphQLError, type GraphQLFieldResolver } from 'graphql'
import { UserError } from '../../src/domain/errors.ts'

const pluginName = 'locatedErrors'

type Resolve<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>

class LocatedErrors<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolve: Resolve<Types>, field: PothosOutputFieldConfig<Types>): Resolve<Types> {
    // Mutations return their errors; fields without arguments have nobody to blame.
    const hasArguments = Object.keys(field.args).length > 0
    return field.kind !== 'Mutation' && hasArguments ? wrap(resolve) : resolve
  }

  override wrapSubscribe(subscribe: Resolve<Types> | undefined): Resolve<Types> | undefined {
    return subscribe && wrap(subscribe)
  }
}

function wrap<Types extends SchemaTypes>(resolve: Resolve<Types>): Resolve<Types> {
  return async (...args) => {
    try {
      return await resolve(...args)
    } catch (error) {
      throw error instanceof UserError ? new GraphQLError(error.message, { originalError: error }) : error
    }
  }
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      locatedErrors: LocatedErrors<Types>
    }
  }
}

SchemaBuilder.registerPlugin(pluginName, LocatedErrors)

export default pluginName
