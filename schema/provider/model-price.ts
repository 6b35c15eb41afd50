import { NotFoundError } from '../../src/domain/errors.ts'
import type { ModelPrices } from '../../src/domain/model/generation.ts'
import { deleteModelPrice, setModelPrice } from '../../src/engine/providers/model-prices.ts'
import { builder } from '../builder.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { ModelPriceRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'

export const TokenPrices = builder.objectRef<ModelPrices>('TokenPrices').implement({
  description: 'Prices in US dollars per million tokens; a part that is null has the price of its whole.',
  fields: (t) => ({
    input: t.exposeFloat('input', { description: 'Input.' }),
    output: t.exposeFloat('output', { description: 'Output.' }),
    cachedInput: t.exposeFloat('cachedInput', {
      nullable: true,
      description: 'Input that is read from the cache of the provider.',
    }),
    cacheWrite: t.exposeFloat('cacheWrite', {
      nullable: true,
      description: 'Input that is written to the cache of the provider.',
    }),
    reasoning: t.exposeFloat('reasoning', { nullable: true, description: 'Reasoning, which is part of the output.' }),
  }),
})

builder.prismaNode('ModelPrice', {
  description: 'What a model costs the project, in place of the table of prices.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, provider: { projectId: scope.projectId } }),
  nullable: true,
  fields: (t) => ({
    model: t.exposeString('model', { description: 'The model, as the provider calls it.' }),
    prices: t.field({ type: TokenPrices, description: 'The prices.', resolve: (price) => price }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first set.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last set.' }),
  }),
})

mutation('setModelPrice', {
  description:
    'Sets what a model costs the project, in place of the table of prices. Runs that have started keep theirs.',
  input: {
    description: 'Prices in US dollars per million tokens, replacing those that were set.',
    fields: (t) => ({
      providerId: t.id({ required: true, description: 'The provider.' }),
      model: t.string({ required: true, description: 'The model, as the provider calls it.' }),
      input: t.float({ required: true, description: 'Input.' }),
      output: t.float({ required: true, description: 'Output.' }),
      cachedInput: t.float({ description: 'Input that is read from the cache of the provider; default: as input.' }),
      cacheWrite: t.float({ description: 'Input that is written to the cache of the provider; default: as input.' }),
      reasoning: t.float({ description: 'Reasoning; default: as output.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: async ({ providerId, ...input }, { services, scope }) => ({
    modelPrice: await setModelPrice(services, scope, {
      ...input,
      providerId: rawId('Provider', providerId, ['providerId']),
    }),
  }),
  payload: {
    description: 'The price was set, for runs that start later.',
    fields: (t) => ({
      modelPrice: t.expose('modelPrice', { type: ModelPriceRef, description: 'The price as it is now.' }),
    }),
  },
})

deletion('deleteModelPrice', {
  type: 'ModelPrice',
  description: 'Removes a price that was set; the model costs again what the table says.',
  remove: (id, { services, scope }) => deleteModelPrice(services, scope, id),
})
