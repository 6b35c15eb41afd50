import type { ApiKey } from '../../src/db/generated/prisma/client.ts'
import { listApiKeys } from '../../src/db/sql/project/list-api-keys.ts'
import { managedKeys } from '../../src/engine/projects/api-keys.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { ApiKeyConnection } from '../refs.ts'
import { type ConnectionArguments, listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'
import { Role } from './viewer.ts'

export const ApiKeyFilter = builder.inputType('ApiKeyFilter', {
  description: 'Which keys; all of the conditions must hold.',
  fields: (t) => ({
    prefix: t.string({ description: 'Only those that begin with this text.' }),
    search: t.string({ description: 'Only those with this text in their name.' }),
    role: t.field({ type: Role, description: 'Only those that have this role.' }),
    includeRevoked: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to include revoked keys.',
    }),
  }),
})

export const apiKeyOrder = listOrder({
  type: 'ApiKey',
  rows: 'keys',
  fields: {
    CREATED_AT: 'When they were created.',
    NAME: 'Their names.',
    LAST_USED_AT: 'When they were last used.',
  },
  default: { field: 'CREATED_AT', direction: 'ASC' },
})

/** One page of the keys that the caller manages, of one person or of all. @throws {ForbiddenError} not an ADMIN */
export function apiKeysConnection(
  context: Context,
  personId: string | null,
  args: ConnectionArguments & {
    filter?: typeof ApiKeyFilter.$inferInput | null
    orderBy?: typeof apiKeyOrder.input.$inferInput | null
  },
) {
  const { of, parent } = managedKeys(context.scope)
  const order = apiKeyOrder.read(args.orderBy)
  const filter = args.filter ?? {}
  const list =
    personId === null
      ? listApiKeys(of, null, filter, order)
      : listApiKeys('person', of === 'all' ? null : context.scope.projectId, filter, order)
  return listConnection<ApiKey>(context, list, order.name, personId ?? parent, args)
}

builder.queryField('apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    description:
      'The keys that the caller manages: those of the project, or all with a key of the installation.\nBy default oldest first. Requires the role ADMIN.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ApiKeyFilter, description: 'Which keys; default: those in use.' }),
      orderBy: t.arg({ type: apiKeyOrder.input, description: 'Default: oldest first.' }),
    },
    resolve: (_root, args, context) => apiKeysConnection(context, null, args),
  }),
)
