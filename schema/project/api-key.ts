import type { ApiKey } from '../../src/db/generated/prisma/client.ts'
import { listApiKeys } from '../../src/db/sql/project/list-api-keys.ts'
import { managedKeys, whichApiKeys } from '../../src/engine/projects/api-keys.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { ApiKeyConnection, PersonRef, ProjectRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { Role } from './viewer.ts'

builder.prismaNode('ApiKey', {
  description:
    'What a caller shows to be let in. The key itself is shown once, when it is made; only ADMINs see the rest.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, AND: whichApiKeys(scope) }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is for.' }),
    prefix: t.exposeString('prefix', { description: 'How the key begins, to recognize it by.' }),
    role: t.expose('role', { type: Role, description: 'What it allows.' }),
    project: t.field({
      type: ProjectRef,
      nullable: true,
      description: 'The only project that it is valid in; null for a key of the installation, which is valid in all.',
      resolve: ({ projectId }, _args, { loaders }) =>
        projectId === null ? null : loaders.links.load('project', projectId),
    }),
    person: t.field({
      type: PersonRef,
      description: 'The author of what is written with it.',
      resolve: linkTo('person', (apiKey) => apiKey.personId),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null while it is in use.',
    }),
  }),
})

builder.queryField('apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    nullable: true,
    description:
      'The keys that you manage, oldest first: those of your project, or all with a key of the installation. Needs the role ADMIN.',
    args: {
      ...t.arg.connectionArgs(),
      prefix: t.arg.string({ description: 'Only keys that begin with this text.' }),
      includeRevoked: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether to list those that were revoked, too.',
      }),
    },
    resolve: (_root, args, context) => {
      const { of, parent } = managedKeys(context.scope)
      return listConnection<ApiKey>(context, listApiKeys(of, args), 'CREATED_AT', parent, args)
    },
  }),
)
