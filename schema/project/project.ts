import type { Project } from '../../src/db/generated/prisma/client.ts'
import { listProjects } from '../../src/db/sql/project/list-projects.ts'
import { ConflictError } from '../../src/domain/errors.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { setRetention } from '../../src/engine/projects/retention.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { ProjectConnection, ProjectRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

builder.prismaNode('Project', {
  description: 'The owner of all data. A key of one project sees nothing of another.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => (scope.installation ? { id } : { id, AND: { id: scope.projectId } }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    keepRuns: t.exposeInt('keepRuns', {
      nullable: true,
      description: 'How many of the newest finished runs of each experiment are kept; null: all.',
    }),
    keepOutputDays: t.exposeInt('keepOutputDays', {
      nullable: true,
      description: 'How many days after the end of a run its outputs are removed; null: never. Scores stay.',
    }),
  }),
})

const ProjectFilter = builder.inputType('ProjectFilter', {
  description: 'Which projects.',
  fields: (t) => ({ search: t.string({ description: 'Only those with this text in their name.' }) }),
})

const order = listOrder({
  type: 'Project',
  rows: 'projects',
  fields: { NAME: 'Their names.', CREATED_AT: 'When they were created.' },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryFields((t) => ({
  project: t.prismaField({
    type: ProjectRef,
    nullable: true,
    description: "The project of this name; null if there is none, or the caller's key is not valid in it.",
    args: { name: t.arg.string({ required: true, description: 'Its full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { installation, projectId } }) =>
      services.db.prisma.project.findFirst({ ...query, where: installation ? { name } : { name, id: projectId } }),
  }),
  projects: t.field({
    type: ProjectConnection,
    description:
      "The projects in which the caller's key is valid: all with a key of the installation, else one.\nBy default by name.",
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: ProjectFilter, description: 'Which projects; default: all.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const { installation, projectId } = context.scope
      const by = order.read(args.orderBy)
      const list = listProjects(installation ? 'all' : 'project', args.filter ?? {}, by)
      return listConnection<Project>(context, list, by.name, installation ? '' : projectId, args)
    },
  }),
}))

mutation('createProject', {
  description: 'Creates a project. Requires a key of the installation with the role ADMIN.',
  input: {
    description: 'A new, empty project.',
    fields: (t) => ({ name: t.string({ required: true, description: 'Unique in the installation.' }) }),
  },
  errors: [ConflictError],
  resolve: async (input, { services, scope }) => ({ project: await createProject(services.db, scope, input) }),
  payload: {
    description: 'The project was created.',
    fields: (t) => ({ project: t.expose('project', { type: ProjectRef, description: 'The new project.' }) }),
  },
})

mutation('setRetention', {
  description:
    'Sets what the project keeps, in place of its former rules; they are applied in the background, within the hour.\nBaselines of datasets and unfinished runs stay as they are. Requires the role ADMIN.',
  input: {
    description: 'What the project keeps; null or omitted: everything, for good.',
    fields: (t) => ({
      keepRuns: t.int({
        description: 'The newest finished runs of each experiment: 1–1,000,000. Older ones are deleted.',
      }),
      keepOutputDays: t.int({
        description: 'Days after the end of a run, 1–36,500. Then its outputs are removed; scores and figures stay.',
      }),
    }),
  },
  errors: [],
  resolve: async (input, { services, scope }) => ({ project: await setRetention(services.db, scope, input) }),
  payload: {
    description: 'The rules were set.',
    fields: (t) => ({ project: t.expose('project', { type: ProjectRef, description: 'The project as it is now.' }) }),
  },
})
