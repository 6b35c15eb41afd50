import { findModels, type ListedModel } from '../../src/engine/providers/known-models.ts'
import { builder } from '../builder.ts'
import { connectionOf } from '../refs.ts'
import { connection, pageRequest } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { TokenPrices } from './model-price.ts'
import { ModelProvider } from './provider-connection.ts'

const Model = builder.objectRef<ListedModel>('Model').implement({
  description: 'A model of the table of prices that comes with this version, or that the project has set a price for.',
  fields: (t) => ({
    provider: t.expose('provider', { type: ModelProvider, description: 'Who serves it.' }),
    model: t.exposeString('model', { description: 'As the provider calls it: the `model` of a prompt task.' }),
    name: t.exposeString('name', { description: 'Its name for people.' }),
    contextTokens: t.exposeInt('contextTokens', {
      nullable: true,
      description: 'Input and output together, at most; null when unknown.',
    }),
    prices: t.expose('prices', {
      type: TokenPrices,
      nullable: true,
      description: 'What it costs now, for short inputs; null when unknown.',
    }),
    isOverridden: t.exposeBoolean('isOverridden', { description: 'Whether the prices are those of the project.' }),
    deprecated: t.exposeBoolean('deprecated', { description: 'Whether the provider will stop serving it.' }),
  }),
})

const ModelConnection = connectionOf('Model', Model)

const ModelFilter = builder.inputType('ModelFilter', {
  description: 'Which models; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with all of these words in their model or name.' }),
    provider: t.field({ type: [ModelProvider], description: 'Only those of these providers.' }),
    connectionId: t.id({ description: 'Only those of the provider of this connection, with its prices.' }),
    includeDeprecated: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to include those that the provider will stop serving.',
    }),
  }),
})

const order = { name: 'model', parts: 1 }

builder.queryField('models', (t) =>
  t.field({
    type: ModelConnection,
    description: 'Known models with their prices and context sizes, by provider and model. Others can be called too.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ModelFilter, description: 'Which models; default: all.' }),
    },
    resolve: async (_root, args, { services, scope }) => {
      const request = pageRequest(args, order)
      const { connectionId, ...filter } = args.filter ?? {}
      const id = optionalRawId('ProviderConnection', connectionId, ['filter', 'connectionId'])
      const models = await findModels(services.db, scope, { ...filter, connectionId: id }, new Date())
      // The table is in memory: a place in it is a place in the list.
      const rows = models.map((model) => ({ ...model, sortKey: [`${model.provider}/${model.model}`] }))
      const at = (key: string[] | null) => rows.findIndex(({ sortKey }) => sortKey[0] === key?.[0])
      const from = request.after ? at(request.after) + 1 : 0
      const to = request.before && at(request.before) !== -1 ? at(request.before) : rows.length
      const between = rows.slice(from, Math.max(from, to))
      const page = request.backward ? between.slice(-request.limit) : between.slice(0, request.limit)
      const first = page[0] ? rows.indexOf(page[0]) : from
      return connection(
        { rows: page, hasPreviousPage: first > 0, hasNextPage: first + page.length < rows.length },
        order.name,
        { totalCount: rows.length, countUpTo: (limit) => Promise.resolve(Math.min(limit, rows.length)) },
      )
    },
  }),
)
