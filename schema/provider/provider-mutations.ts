import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { createProvider, deleteProvider, updateProvider } from '../../src/engine/providers/providers.ts'
import { type providerProblems, testProvider } from '../../src/engine/providers/test-provider.ts'
import { builder } from '../builder.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { ProviderRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { ProviderKind } from './provider.ts'

const variable = 'its name ends with `_API_KEY` or begins with `ASSAY_PROVIDER_`'

mutation('createProvider', {
  description: 'Creates a provider of models. Requires the role ADMIN.',
  input: {
    description: 'A new provider. Its key is given as `apiKey` or `apiKeyVariable`.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the project, without `/`; it never changes.' }),
      kind: t.field({ type: ProviderKind, required: true, description: 'Who serves the models.' }),
      baseUrl: t.string({
        description:
          'Its address, such as `http://127.0.0.1:8000/v1`, required by OPENAI_COMPATIBLE; default: the usual one.',
      }),
      apiKey: t.string({ description: 'The key; it is stored encrypted, and never shown again.' }),
      apiKeyVariable: t.string({
        description: `Or the environment variable of the workers that has the key:\n${variable}.`,
      }),
      region: t.string({ description: 'The region, of BEDROCK.' }),
      resourceName: t.string({ description: 'The resource, of AZURE.' }),
      apiVersion: t.string({ description: 'The version of the API, of AZURE.' }),
      accessKeyId: t.string({ description: 'Of BEDROCK: the id of the access key whose secret is the key.' }),
    }),
  },
  errors: [ConflictError],
  resolve: async (input, { services, scope }) => ({ provider: await createProvider(services, scope, input) }),
  payload: {
    description: 'The provider was created; `testProvider` says whether it works.',
    fields: (t) => ({
      provider: t.expose('provider', { type: ProviderRef, description: 'The new provider.' }),
    }),
  },
})

mutation('updateProvider', {
  description:
    'Changes a provider, also for runs that are executing, from their next worker on. Requires the role ADMIN.',
  input: {
    description: 'The changes; omitted fields stay as they are. With another address a stored key must be given again.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The provider.' }),
      baseUrl: t.string({ description: 'Its address; null: the usual one.' }),
      apiKey: t.string({ description: 'Replaces the key, which is stored encrypted; null removes it.' }),
      apiKeyVariable: t.string({
        description: `Replaces the key by an environment variable of the workers; null removes it:\n${variable}.`,
      }),
      region: t.string({ description: 'The region, of BEDROCK.' }),
      resourceName: t.string({ description: 'The resource, of AZURE.' }),
      apiVersion: t.string({ description: 'The version of the API, of AZURE.' }),
      accessKeyId: t.string({ description: 'Of BEDROCK: the id of the access key whose secret is the key.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: async ({ id, ...changes }, { services, scope }) => ({
    provider: await updateProvider(services, scope, {
      ...changes,
      id: rawId('Provider', id, ['id']),
    }),
  }),
  payload: {
    description: 'The provider was changed.',
    fields: (t) => ({
      provider: t.expose('provider', { type: ProviderRef, description: 'The provider as it is now.' }),
    }),
  },
})

deletion('deleteProvider', {
  type: 'Provider',
  description: 'Deletes a provider with its key and its prices. Runs that call it stop. Requires the role ADMIN.',
  remove: (id, { services, scope }) => deleteProvider(services, scope, id),
})

const ProviderProblem = builder.enumType('ProviderProblem', {
  description: 'What can be wrong with a provider.',
  values: {
    KEY: { description: 'The key: there is none, the provider does not accept it, or it may not do this.' },
    URL: { description: 'The address: nothing listens there, it is not allowed, or serves no models.' },
    MODEL: { description: 'The model: the provider has none of this name, or the key may not use it.' },
    QUOTA: { description: 'The quota of the key is used up.' },
    RATE_LIMIT: { description: 'The provider limits the calls at the moment: try again later.' },
    OTHER: { description: 'Something else; the message says what.' },
  } satisfies Record<(typeof providerProblems)[number], { description: string }>,
})

mutation('testProvider', {
  description: 'Calls a model through a provider with a short prompt, from this server, and says what is wrong.',
  input: {
    description: 'What to call.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The provider.' }),
      model: t.string({ required: true, description: 'The model, as the provider calls it.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: ({ id, model }, { services, scope }) =>
    testProvider(services, scope, { id: rawId('Provider', id, ['id']), model }),
  recordsNothing: true,
  payload: {
    description: 'The test has ended.',
    fields: (t) => ({
      provider: t.expose('provider', { type: ProviderRef, description: 'The provider.' }),
      problem: t.expose('problem', {
        type: ProviderProblem,
        nullable: true,
        description: 'What is wrong; null when the model answered.',
      }),
      message: t.exposeString('message', { description: 'What happened, and what to do.' }),
      latencyMs: t.exposeFloat('latencyMs', { description: 'How long it took, in milliseconds.' }),
      costUsd: t.exposeFloat('costUsd', { nullable: true, description: 'What it cost; null when unknown.' }),
      servedModels: t.exposeStringList('servedModels', {
        nullable: true,
        description: 'The models that the provider says it serves, at most 1,000; null when it does not tell.',
      }),
    }),
  },
})
