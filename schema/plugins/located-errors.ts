/**
 * A Pothos plugin that lets graphql locate UserErrors. graphql takes any error with a `path` array for a located error
 * of its own, and the `path` of a UserError is the one in the input. Wrapped, it also gets its path in the response.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import { GraphQLError, type GraphQLFieldResolver } from 'graphql'
import { UserError } from '../../src/domain/errors.ts'

const pluginName = 'locatedErrors'

type Resolve<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>

class LocatedErrors<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolve: Resolve<Types>, field: PothosOutputFieldConfig<Types>): Resolve<Types> {
    // Fields without arguments have no input that could be wrong.
    return Object.keys(field.args).length > 0 ? wrap(resolve) : resolve
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
