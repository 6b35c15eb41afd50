import type { Scope } from '../../src/domain/scope.ts'
import { builder } from '../builder.ts'
import { ProjectRef } from '../refs.ts'

builder.prismaNode('Project', {
  description: 'What everything else belongs to. API keys belong to one project and see nothing of another.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, AND: { id: scope.projectId } }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

const Role = builder.enumType('Role', {
  description: 'What somebody may do in a project.',
  values: {
    READ: { description: 'Read everything.' },
    WRITE: { description: 'Read and change everything.' },
    ADMIN: { description: 'Also manage API keys.' },
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
    role: t.expose('role', { type: Role, description: 'What you may do.' }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({ type: Viewer, description: 'Who you are to this server.', resolve: (_root, _args, { scope }) => scope }),
)
