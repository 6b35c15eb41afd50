import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { createConnection, deleteConnection, updateConnection } from '../../src/engine/providers/connections.ts'
import { type connectionProblems, testConnection } from '../../src/engine/providers/test-connection.ts'
import { builder } from '../builder.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { ProviderConnectionRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { ModelProvider } from './provider-connection.ts'

const variable = 'its name ends with `_API_KEY` or begins with `ASSAY_PROVIDER_`'

mutation('createProviderConnection', {
  description: 'Creates a connection to a provider of models. Requires the role ADMIN.',
  input: {
    description: 'A new connection. Its key is given as `apiKey` or `apiKeyVariable`.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the project, without `/`; it never changes.' }),
      provider: t.field({ type: ModelProvider, required: true, description: 'Who serves the models.' }),
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
  resolve: async (input, { services, scope }) => ({ connection: await createConnection(services, scope, input) }),
  payload: {
    description: 'The connection was created; `testProviderConnection` says whether it works.',
    fields: (t) => ({
      connection: t.expose('connection', { type: ProviderConnectionRef, description: 'The new connection.' }),
    }),
  },
})

mutation('updateProviderConnection', {
  description:
    'Changes a connection, also for runs that are executing, from their next worker on. Requires the role ADMIN.',
  input: {
    description: 'The changes; omitted fields stay as they are. With another address a stored key must be given again.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The connection.' }),
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
    connection: await updateConnection(services, scope, {
      ...changes,
      id: rawId('ProviderConnection', id, ['id']),
    }),
  }),
  payload: {
    description: 'The connection was changed.',
    fields: (t) => ({
      connection: t.expose('connection', { type: ProviderConnectionRef, description: 'The connection as it is now.' }),
    }),
  },
})

deletion('deleteProviderConnection', {
  type: 'ProviderConnection',
  description: 'Deletes a connection with its key and its prices. Runs that call it stop. Requires the role ADMIN.',
  remove: (id, { services, scope }) => deleteConnection(services, scope, id),
})

const ConnectionProblem = builder.enumType('ConnectionProblem', {
  description: 'What can be wrong with a connection.',
  values: {
    KEY: { description: 'The key: there is none, the provider does not accept it, or it may not do this.' },
    URL: { description: 'The address: nothing listens there, it is not allowed, or serves no models.' },
    MODEL: { description: 'The model: the provider has none of this name, or the key may not use it.' },
    QUOTA: { description: 'The quota of the key is used up.' },
    RATE_LIMIT: { description: 'The provider limits the calls at the moment: try again later.' },
    OTHER: { description: 'Something else; the message says what.' },
  } satisfies Record<(typeof connectionProblems)[number], { description: string }>,
})

mutation('testProviderConnection', {
  description: 'Calls a model through a connection with a short prompt, from this server, and says what is wrong.',
  input: {
    description: 'What to call.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The connection.' }),
      model: t.string({ required: true, description: 'The model, as the provider calls it.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: ({ id, model }, { services, scope }) =>
    testConnection(services, scope, { id: rawId('ProviderConnection', id, ['id']), model }),
  payload: {
    description: 'The test has ended.',
    fields: (t) => ({
      connection: t.expose('connection', { type: ProviderConnectionRef, description: 'The connection.' }),
      problem: t.expose('problem', {
        type: ConnectionProblem,
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
