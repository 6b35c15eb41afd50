import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { mutation } from '../mutation.ts'
import { ApiKeyRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { Role } from './viewer.ts'

mutation('createApiKey', {
  description:
    'Makes an API key. A server that needed none until now needs one within 10 s. Needs the role ADMIN; for a key of the installation, one of the installation.',
  input: {
    description: 'A new API key.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'What it is for.' }),
      role: t.field({ type: Role, required: true, description: 'What it allows.' }),
      installation: t.boolean({
        required: true,
        defaultValue: false,
        description:
          'Whether it is a key of the installation, valid in every project; else it is valid in the project of this request only.',
      }),
      person: t.string({
        description: 'Name of the person who is the author of what is written with it; default: the name of the key.',
      }),
    }),
  },
  errors: [ConflictError],
  resolve: (input, { services, scope }) => createApiKey(services.db, scope, input),
  payload: {
    description: 'The key was made.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The new key, as it is listed.' }),
      key: t.exposeString('key', {
        description: 'The key itself, for the header `Authorization: Bearer <key>`. It is never shown again.',
      }),
    }),
  },
})

mutation('revokeApiKey', {
  description:
    'Ends a key for good: no new request is answered, and within 10 s sockets, event streams, imports and exports that are open with it are closed. Needs the role ADMIN.',
  input: {
    description: 'The end of an API key.',
    fields: (t) => ({ id: t.id({ required: true, description: 'The key.' }) }),
  },
  errors: [NotFoundError],
  resolve: async ({ id }, { services, scope }) => ({
    apiKey: await revokeApiKey(services.db, scope, rawId('ApiKey', id, ['id'])),
  }),
  payload: {
    description: 'The key is not valid any more.',
    fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The key as it is now.' }) }),
  },
})
