import type { Person } from '../../src/db/generated/prisma/client.ts'
import { listPersons } from '../../src/db/sql/project/list-persons.ts'
import { managedKeys } from '../../src/engine/projects/api-keys.ts'
import { builder } from '../builder.ts'
import { ApiKeyConnection, PersonConnection, PersonRef, ProjectRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'
import { ApiKeyFilter, apiKeyOrder, apiKeysConnection } from './api-key-list.ts'

builder.prismaNode('Person', {
  description: 'The author of scores and approvals, a human or a program; every API key has one.',
  id: { field: 'id' },
  findUnique: (id, { scope }) =>
    scope.installation ? { id } : { id, OR: [{ projectId: scope.projectId }, { projectId: null }] },
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project, or in the installation.' }),
    project: t.field({
      type: ProjectRef,
      nullable: true,
      description: 'The only project of the person; null for a person of the installation, valid in all.',
      resolve: ({ projectId }, _args, { loaders }) =>
        projectId === null ? null : loaders.links.load('project', projectId),
    }),
    apiKeys: t.field({
      type: ApiKeyConnection,
      description: 'Those of their keys that the caller manages, by default oldest first. Requires the role ADMIN.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: ApiKeyFilter, description: 'Which keys; default: those in use.' }),
        orderBy: t.arg({ type: apiKeyOrder.input, description: 'Default: oldest first.' }),
      },
      resolve: (person, args, context) => apiKeysConnection(context, person.id, args),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the first key for them was created.' }),
  }),
})

const PersonFilter = builder.inputType('PersonFilter', {
  description: 'Which persons.',
  fields: (t) => ({ search: t.string({ description: 'Only those with this text in their name.' }) }),
})

const order = listOrder({
  type: 'Person',
  rows: 'persons',
  fields: { NAME: 'Their names.', CREATED_AT: 'When the first key for them was created.' },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryFields((t) => ({
  person: t.prismaField({
    type: PersonRef,
    nullable: true,
    description:
      'The person of this name in the project or the installation; null if there is none. Requires the role ADMIN.',
    args: { name: t.arg.string({ required: true, description: 'Their full name.' }) },
    resolve: (query, _root, { name }, { services, scope }) => {
      managedKeys(scope)
      const where = { name, OR: [{ projectId: scope.projectId }, { projectId: null }] }
      // A person of the project comes before one of the installation with the same name.
      return services.db.prisma.person.findFirst({
        ...query,
        where,
        orderBy: { projectId: { sort: 'asc', nulls: 'last' } },
      })
    },
  }),
  persons: t.field({
    type: PersonConnection,
    description:
      'The persons of the project, or all with a key of the installation, by default by name.\nRequires the role ADMIN.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: PersonFilter, description: 'Which persons; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const { of, parent } = managedKeys(context.scope)
      const by = order.read(args.orderBy)
      return listConnection<Person>(context, listPersons(of, args.filter ?? {}, by), by.name, parent, args)
    },
  }),
}))
