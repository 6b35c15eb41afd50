import type { Scope } from '../../src/domain/scope.ts'
import { builder } from '../builder.ts'
import { PersonRef, ProjectRef } from '../refs.ts'

export const Role = builder.enumType('Role', {
  description: 'Permissions in one project; with a key of the installation, in all.',
  values: {
    READ: { description: 'Read everything.' },
    WRITE: { description: 'Read and change everything.' },
    ADMIN: { description: 'Also manage API keys; with a key of the installation, also create projects.' },
  },
})

const Viewer = builder.objectRef<Scope>('Viewer').implement({
  description: 'The caller of a request.',
  fields: (t) => ({
    project: t.prismaField({
      type: ProjectRef,
      description: 'The project of this request.',
      resolve: (query, { projectId }, _args, { services }) =>
        services.db.prisma.project.findUniqueOrThrow({ ...query, where: { id: projectId } }),
    }),
    person: t.prismaField({
      type: PersonRef,
      description: 'The caller, the author of everything it writes.',
      resolve: (query, { person }, _args, { services }) =>
        services.db.prisma.person.findUniqueOrThrow({ ...query, where: { id: person.id } }),
    }),
    installation: t.exposeBoolean('installation', {
      description:
        'Whether the role is valid in every project: with a key of the installation, or without keys.\nThen the header `x-assay-project` selects the project.',
    }),
    role: t.expose('role', { type: Role, description: 'The permissions of the caller.' }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({ type: Viewer, description: 'The caller of this request.', resolve: (_root, _args, { scope }) => scope }),
)
