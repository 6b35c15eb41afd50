import type { Provider } from '../../src/db/generated/prisma/client.ts'
import { listProviders } from '../../src/db/sql/provider/list-providers.ts'
import type { providerKinds } from '../../src/domain/model/provider.ts'
import { builder } from '../builder.ts'
import { ModelPriceRef, ProviderConnection, ProviderRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

export const ProviderKind = builder.enumType('ProviderKind', {
  description: 'Kinds of providers. Those from OLLAMA on speak the protocol of OpenAI, at a usual address.',
  values: {
    OPENAI: { description: 'OpenAI.' },
    ANTHROPIC: { description: 'Anthropic.' },
    GOOGLE: { description: 'Google: Gemini with an API key.' },
    AZURE: { description: 'Azure OpenAI: a model is a deployment.' },
    BEDROCK: { description: 'Amazon Bedrock.' },
    OPENAI_COMPATIBLE: { description: 'Any server that speaks the protocol of OpenAI.' },
    OLLAMA: { description: 'Ollama.' },
    VLLM: { description: 'vLLM.' },
    LM_STUDIO: { description: 'LM Studio.' },
    OPENROUTER: { description: 'OpenRouter.' },
    LITELLM: { description: 'A LiteLLM proxy.' },
  } satisfies Record<(typeof providerKinds)[number], { description: string }>,
})

const KeySource = builder.enumType('KeySource', {
  description: 'Where the key of a provider is.',
  values: {
    STORED: { description: 'Stored, encrypted.' },
    VARIABLE: { description: 'In an environment variable of the workers.' },
    NONE: { description: 'Nowhere: it is called without a key.' },
  },
})

builder.prismaNode('Provider', {
  description: 'A provider of models, as the project reaches it. Its key is never shown.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'Unique in the project. Tasks refer to it by this; it never changes.',
    }),
    kind: t.field({
      type: ProviderKind,
      description: 'Who serves the models.',
      resolve: ({ kind }) => kind as typeof ProviderKind.$inferType,
    }),
    baseUrl: t.exposeString('baseUrl', { nullable: true, description: 'Its own address; null: the usual one.' }),
    region: t.exposeString('region', { nullable: true, description: 'The region, of BEDROCK.' }),
    resourceName: t.exposeString('resourceName', { nullable: true, description: 'The resource, of AZURE.' }),
    apiVersion: t.exposeString('apiVersion', { nullable: true, description: 'The version of the API, of AZURE.' }),
    accessKeyId: t.exposeString('accessKeyId', {
      nullable: true,
      description: 'The id of the access key whose secret is the key, of BEDROCK; null: the key is an API key.',
    }),
    keySource: t.field({
      type: KeySource,
      description: 'Where its key is.',
      resolve: ({ sealedKey, keyVariable }) => (sealedKey ? 'STORED' : keyVariable === null ? 'NONE' : 'VARIABLE'),
    }),
    apiKeyVariable: t.exposeString('keyVariable', {
      nullable: true,
      description: 'The environment variable of the workers that has the key; null: it is none.',
    }),
    keySetAt: t.expose('keySetAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the stored key was last set; null: none is stored.',
    }),
    prices: t.field({
      type: [ModelPriceRef],
      description: 'What its models cost the project, where that is not the price of the table.',
      resolve: ({ id }, _args, { loaders }) => loaders.modelPrices.load(id),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
})

const ProviderFilter = builder.inputType('ProviderFilter', {
  description: 'Which providers; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their name.' }),
    kind: t.field({ type: [ProviderKind], description: 'Only those of these kinds.' }),
  }),
})

const order = listOrder({
  type: 'Provider',
  rows: 'providers',
  fields: {
    NAME: 'Their names.',
    CREATED_AT: 'When they were created.',
    UPDATED_AT: 'When they were last changed.',
  },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryFields((t) => ({
  provider: t.prismaField({
    type: ProviderRef,
    nullable: true,
    description: 'The provider of this name; null when there is none.',
    args: { name: t.arg.string({ required: true, description: 'Its full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { projectId } }) =>
      services.db.prisma.provider.findUnique({ ...query, where: { projectId_name: { projectId, name } } }),
  }),
  providers: t.field({
    type: ProviderConnection,
    description: 'All providers of models, by default by name.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ProviderFilter, description: 'Which providers; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const by = order.read(args.orderBy)
      const list = listProviders(args.filter ?? {}, by)
      return listConnection<Provider>(context, list, by.name, context.scope.projectId, args)
    },
  }),
}))
