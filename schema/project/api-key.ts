import { whichApiKeys } from '../../src/engine/projects/api-keys.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { PersonRef, ProjectRef } from '../refs.ts'
import { Role } from './viewer.ts'

builder.prismaNode('ApiKey', {
  description: 'A credential for this API. The key itself is shown only once, on creation; only ADMINs see the rest.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, AND: whichApiKeys(scope) }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its purpose.' }),
    prefix: t.exposeString('prefix', { description: 'The first characters of the key, to recognize it by.' }),
    role: t.expose('role', { type: Role, description: 'Its permissions.' }),
    project: t.field({
      type: ProjectRef,
      nullable: true,
      description: 'The only project that it is valid in; null for a key of the installation, which is valid in all.',
      resolve: ({ projectId }, _args, { loaders }) =>
        projectId === null ? null : loaders.links.load('project', projectId),
    }),
    person: t.field({
      type: PersonRef,
      description: 'The author of everything that is written with it.',
      resolve: linkTo('person', (apiKey) => apiKey.personId),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
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
