import type { ApiKey } from '../../src/db/generated/prisma/client.ts'
import { ConflictError, ForbiddenError, InvalidInputError, NotFoundError } from '../../src/domain/errors.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { builder } from '../builder.ts'
import { ApiKeyRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { resultOf } from '../user-error.ts'
import { Role } from './viewer.ts'

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
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
})

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'The end of an API key.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The key.' }) }),
})

const CreateApiKeyPayload = builder.objectRef<{ apiKey: ApiKey; key: string }>('CreateApiKeyPayload').implement({
  description: 'The key was made.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The new key, as it is listed.' }),
    key: t.exposeString('key', {
      description: 'The key itself, for the header `Authorization: Bearer <key>`. It is never shown again.',
    }),
  }),
})

const RevokeApiKeyPayload = builder.objectRef<{ apiKey: ApiKey }>('RevokeApiKeyPayload').implement({
  description: 'The key is not valid any more.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The key as it is now.' }) }),
})

const CreateApiKeyResult = resultOf('CreateApiKeyResult', CreateApiKeyPayload, [
  InvalidInputError,
  ConflictError,
  ForbiddenError,
])
const RevokeApiKeyResult = resultOf('RevokeApiKeyResult', RevokeApiKeyPayload, [
  InvalidInputError,
  NotFoundError,
  ForbiddenError,
])

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyResult,
    description:
      'Makes an API key. A server that needed none until now needs one within 10 s. Needs the role ADMIN; for a key of the installation, one of the installation.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key.' }) },
    resolve: (_root, { input }, { services, scope }) => createApiKey(services.db, scope, input),
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyResult,
    description:
      'Ends a key for good: no new request is answered, and within 10 s sockets, event streams, imports and exports that are open with it are closed. Needs the role ADMIN.',
    args: { input: t.arg({ type: RevokeApiKeyInput, required: true, description: 'The key.' }) },
    resolve: async (_root, { input: { id } }, { services, scope }) => ({
      apiKey: await revokeApiKey(services.db, scope, rawId('ApiKey', id, ['id'])),
    }),
  }),
}))
