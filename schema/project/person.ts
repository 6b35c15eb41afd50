import { builder } from '../builder.ts'

builder.prismaNode('Person', {
  description: 'Whoever gives scores and approves baselines, as a human being or by a program: the bearer of API keys.',
  id: { field: 'id' },
  findUnique: (id, { scope }) =>
    scope.installation ? { id } : { id, OR: [{ projectId: scope.projectId }, { projectId: null }] },
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project, or in the installation.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the first key was made for them.' }),
  }),
})
