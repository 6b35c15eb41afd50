import { loadProject } from '../../src/db/sql/run/load-runs.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { builder } from '../builder.ts'
import { ProjectRef } from '../refs.ts'

builder.node(ProjectRef, {
  description: 'What everything else belongs to. API keys belong to one project and see nothing of another.',
  id: { resolve: (project) => project.id },
  loadManyWithoutCache: async (ids, { services, scope }) => {
    const project = await loadProject(services.db.pool, scope.projectId)
    return ids.map((id) => (id === project?.id ? project : null))
  },
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
    project: t.field({
      type: ProjectRef,
      description: 'The project that everything here is read from and written to.',
      resolve: async ({ projectId }, _args, { services }) => {
        const project = await loadProject(services.db.pool, projectId)
        if (!project) throw new Error(`project ${projectId} of the request does not exist`)
        return project
      },
    }),
    role: t.expose('role', { type: Role, description: 'What you may do.' }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({ type: Viewer, description: 'Who you are to this server.', resolve: (_root, _args, { scope }) => scope }),
)
