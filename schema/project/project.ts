import type { Project } from '../../src/db/generated/prisma/client.ts'
import { listProjects } from '../../src/db/sql/project/list-projects.ts'
import { ConflictError, ForbiddenError, InvalidInputError } from '../../src/domain/errors.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { builder } from '../builder.ts'
import { ProjectConnection, ProjectRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { resultOf } from '../user-error.ts'

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

const CreateProjectInput = builder.inputType('CreateProjectInput', {
  description: 'A new project, with nothing in it.',
  fields: (t) => ({ name: t.string({ required: true, description: 'Unique in the installation.' }) }),
})

const CreateProjectPayload = builder.objectRef<{ project: Project }>('CreateProjectPayload').implement({
  description: 'The project was created.',
  fields: (t) => ({ project: t.expose('project', { type: ProjectRef, description: 'The new project.' }) }),
})

const CreateProjectResult = resultOf('CreateProjectResult', CreateProjectPayload, [
  InvalidInputError,
  ConflictError,
  ForbiddenError,
])

builder.mutationField('createProject', (t) =>
  t.field({
    type: CreateProjectResult,
    description: 'Creates a project. Needs a key of the installation with the role ADMIN.',
    args: { input: t.arg({ type: CreateProjectInput, required: true, description: 'The project.' }) },
    resolve: async (_root, { input }, { services, scope }) => ({
      project: await createProject(services.db, scope, input),
    }),
  }),
)
