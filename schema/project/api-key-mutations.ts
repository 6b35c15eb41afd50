import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { mutation } from '../mutation.ts'
import { ApiKeyRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { Role } from './viewer.ts'

mutation('createApiKey', {
  description:
    'Creates an API key. Within 10 s of the first one the server requires a key for every request.\nRequires the role ADMIN; for a key of the installation, in the installation.',
  input: {
    description: 'A new API key.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Its purpose.' }),
      role: t.field({ type: Role, required: true, description: 'Its permissions.' }),
      installation: t.boolean({
        required: true,
        defaultValue: false,
        description:
          'Whether it is a key of the installation, valid in every project; else only in the project of this request.',
      }),
      person: t.string({
        description:
          'Name of the person who is the author of everything written with it; default: the name of the key.',
      }),
    }),
  },
  errors: [ConflictError],
  resolve: (input, { services, scope }) => createApiKey(services.db, scope, input),
  payload: {
    description: 'The key was created.',
    fields: (t) => ({
      apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The new key.' }),
      key: t.exposeString('key', {
        description: 'The key itself, for the header `Authorization: Bearer <key>`. It is never shown again.',
      }),
    }),
  },
})

mutation('revokeApiKey', {
  description:
    'Revokes a key permanently. New requests are refused; within 10 s its open sockets, event streams,\nimports and exports are closed. Requires the role ADMIN.',
  input: {
    description: 'An API key to revoke.',
    fields: (t) => ({ id: t.id({ required: true, description: 'The key.' }) }),
  },
  errors: [NotFoundError],
  resolve: async ({ id }, { services, scope }) => ({
    apiKey: await revokeApiKey(services.db, scope, rawId('ApiKey', id, ['id'])),
  }),
  payload: {
    description: 'The key is no longer valid.',
    fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The key as it is now.' }) }),
  },
})
