import type { Scope } from '../../src/domain/scope.ts'
import { builder } from '../builder.ts'
import { PersonRef, ProjectRef } from '../refs.ts'

builder.prismaNode('Project', {
  description: 'What everything else belongs to. A key of one project sees nothing of another.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => (scope.installation ? { id } : { id, AND: { id: scope.projectId } }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

export const Role = builder.enumType('Role', {
  description: 'What somebody may do: in one project, or with a key of the installation in all.',
  values: {
    READ: { description: 'Read everything.' },
    WRITE: { description: 'Read and change everything.' },
    ADMIN: { description: 'Also manage API keys; with a key of the installation, also create projects.' },
  },
})

const Viewer = builder.objectRef<Scope>('Viewer').implement({
  description: 'On whose behalf this request is answered.',
  fields: (t) => ({
    project: t.prismaField({
      type: ProjectRef,
      description: 'The project that everything here is read from and written to.',
      resolve: (query, { projectId }, _args, { services }) =>
        services.db.prisma.project.findUniqueOrThrow({ ...query, where: { id: projectId } }),
    }),
    person: t.prismaField({
      type: PersonRef,
      description: 'Who you are: the author of what you write.',
      resolve: (query, { person }, _args, { services }) =>
        services.db.prisma.person.findUniqueOrThrow({ ...query, where: { id: person.id } }),
    }),
    installation: t.exposeBoolean('installation', {
      description:
        'Whether your role holds in every project: with a key of the installation, or at a server that needs no keys. Then `x-assay-project` chooses the project.',
    }),
    role: t.expose('role', { type: Role, description: 'What you may do.' }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({ type: Viewer, description: 'Who you are to this server.', resolve: (_root, _args, { scope }) => scope }),
)
