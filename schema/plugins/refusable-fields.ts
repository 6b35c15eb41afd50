/**
 * A Pothos plugin that makes every field with arguments nullable, however it is declared: arguments can be refused, and
 * a refusal must leave the rest of the answer alone. Mutations are not concerned, they return their errors.
 */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'

const pluginName = 'refusableFields'

class RefusableFields<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const isRefusable = field.kind !== 'Mutation' && field.kind !== 'Subscription' && Object.keys(field.args).length > 0
    return isRefusable ? { ...field, type: { ...field.type, nullable: true } } : field
  }
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      refusableFields: RefusableFields<Types>
    }
  }
}

SchemaBuilder.registerPlugin(pluginName, RefusableFields)

export default pluginName
