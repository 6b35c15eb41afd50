import { findModels, type ListedModel } from '../../src/engine/providers/known-models.ts'
import { builder } from '../builder.ts'
import { connectionOf } from '../refs.ts'
import { connection, pageRequest } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { TokenPrices } from './model-price.ts'
import { ProviderKind } from './provider.ts'

const Model = builder.objectRef<ListedModel>('Model').implement({
  description: 'A model of the table of prices that comes with this version, or that the project has set a price for.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ProviderKind, description: 'Who serves it.' }),
    name: t.exposeString('model', { description: 'As the provider calls it: the `model` of a prompt task.' }),
    title: t.exposeString('title', { description: 'Its name for people.' }),
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
    search: t.string({ description: 'Only those with all of these words in their name or title.' }),
    kind: t.field({ type: [ProviderKind], description: 'Only those of these kinds of providers.' }),
    providerId: t.id({ description: 'Only those of the kind of this provider, with its prices.' }),
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
    description: 'Known models with their prices and context sizes, by kind and name. Others can be called too.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ModelFilter, description: 'Which models; default: all.' }),
    },
    resolve: async (_root, args, { services, scope }) => {
      const request = pageRequest(args, order)
      const { providerId, ...filter } = args.filter ?? {}
      const id = optionalRawId('Provider', providerId, ['filter', 'providerId'])
      const models = await findModels(services.db, scope, { ...filter, providerId: id }, new Date())
      // The table is in memory: a place in it is a place in the list.
      const rows = models.map((model) => ({ ...model, sortKey: [`${model.kind}/${model.model}`] }))
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
