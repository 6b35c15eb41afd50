import type { Project } from '../../src/db/generated/prisma/client.ts'
import { listProjects } from '../../src/db/sql/project/list-projects.ts'
import { ConflictError } from '../../src/domain/errors.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { ProjectConnection, ProjectRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'

builder.queryField('projects', (t) =>
  t.field({
    type: ProjectConnection,
    description: 'The projects that your key is valid in, by name: all with a key of the installation, else one.',
    args: t.arg.connectionArgs(),
    resolve: (_root, args, context) => {
      const { installation, projectId } = context.scope
      return installation
        ? listConnection<Project>(context, listProjects('all'), 'NAME', '', args)
        : listConnection<Project>(context, listProjects('project'), 'NAME', projectId, args)
    },
  }),
)

mutation('createProject', {
  description: 'Creates a project. Needs a key of the installation with the role ADMIN.',
  input: {
    description: 'A new project, with nothing in it.',
    fields: (t) => ({ name: t.string({ required: true, description: 'Unique in the installation.' }) }),
  },
  errors: [ConflictError],
  resolve: async (input, { services, scope }) => ({ project: await createProject(services.db, scope, input) }),
  payload: {
    description: 'The project was created.',
    fields: (t) => ({ project: t.expose('project', { type: ProjectRef, description: 'The new project.' }) }),
  },
})
