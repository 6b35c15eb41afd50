import type { PromptLabel as PromptLabelRow, PromptVersion } from '../../src/db/generated/prisma/client.ts'
import { listPromptVersions } from '../../src/db/sql/prompt/list-prompt-versions.ts'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { builder } from '../builder.ts'
import { DateTimeRange } from '../date-time-range.ts'
import { ExperimentFilter, experimentOrder, experimentsConnection } from '../experiment/experiment-list.ts'
import { ExperimentConnection, PersonRef, PromptVersionConnection, PromptVersionRef, RunConnection } from '../refs.ts'
import { isUnfiltered, listConnection } from '../relay/connection.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { RunFilter, RunOrder, runsConnection } from '../run/run-list.ts'

const PromptLabel = builder.objectRef<PromptLabelRow>('PromptLabel').implement({
  description: 'A name for one version of a prompt, such as `production`, which can be moved to another one.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    version: t.exposeInt('version', { description: 'The number of the version that has it.' }),
    movedAt: t.expose('movedAt', { type: 'DateTime', description: 'When that version got it.' }),
    movedBy: t.field({
      type: PersonRef,
      nullable: true,
      description: 'The person who gave it to that version.',
      resolve: ({ movedById }, _args, { loaders }) => (movedById ? loaders.links.load('person', movedById) : null),
    }),
  }),
})

const PromptVersionFilter = builder.inputType('PromptVersionFilter', {
  description: 'Which versions; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their message.' }),
    authorId: t.id({ description: 'Only those of this person.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only those created in this period.' }),
  }),
})

builder.prismaNode('Prompt', {
  description:
    'Messages for a model, with parameters and tools. It is versioned: a run keeps the version it started with.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project; `/` groups names.' }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data to store with it.' }),
    version: t.exposeInt('version', { description: 'The number of the newest version.' }),
    newest: t.field({
      type: PromptVersionRef,
      description: 'The newest version.',
      resolve: async (prompt, _args, { loaders }) => {
        const newest = await loaders.newestPromptVersion.load(prompt.id)
        if (!newest) throw new Error(`Prompt ${encodeGlobalId('Prompt', prompt.id)} has no version ${prompt.version}`)
        return newest
      },
    }),
    versions: t.field({
      type: PromptVersionConnection,
      description: 'Its versions, newest first. `totalCount` is known without a filter.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: PromptVersionFilter, description: 'Which versions; default: all.' }),
      },
      resolve: (prompt, args, context) => {
        const authorId = optionalRawId('Person', args.filter?.authorId, ['filter', 'authorId'])
        const list = listPromptVersions({ ...args.filter, authorId })
        const total = isUnfiltered(args.filter) ? prompt.version : null
        return listConnection<PromptVersion>(context, list, 'VERSION', prompt.id, args, total)
      },
    }),
    labels: t.field({
      type: [PromptLabel],
      description: 'Its labels, by name.',
      resolve: (prompt, _args, { loaders }) => loaders.promptLabels.load(prompt.id),
    }),
    experiments: t.field({
      type: ExperimentConnection,
      description: 'The experiments whose task refers to it, by default newest first.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: ExperimentFilter, description: 'Which experiments; default: all.' }),
        orderBy: t.arg({ type: experimentOrder.input, description: 'Default: newest first.' }),
      },
      resolve: (prompt, args, context) => experimentsConnection(context, 'prompt', prompt.id, args),
    }),
    runs: t.field({
      type: RunConnection,
      description: 'The runs that used any of its versions, by default newest first.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: RunFilter, description: 'Which runs; default: all.' }),
        orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
      },
      resolve: (prompt, args, context) => runsConnection(context, 'prompt', prompt.id, args),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it, its versions or its labels changed.' }),
    archivedAt: t.expose('archivedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was archived; null if it is not.',
    }),
  }),
})
