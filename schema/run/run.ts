import type { RunItem } from '../../src/db/generated/prisma/client.ts'
import { listRunItems } from '../../src/db/sql/run-item/list-run-items.ts'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import type { RunSettings } from '../../src/domain/run.ts'
import { builder } from '../builder.ts'
import { OrderDirection, RunItemStatus, RunStatus, StopReason } from '../enums.ts'
import { Task } from '../experiment/task.ts'
import { linkTo } from '../links.ts'
import { DatasetRef, ExperimentRef, RunConnection, RunItemConnection, ScoreRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { encodeGlobalId, optionalRawId } from '../relay/global-id.ts'
import { RunOrder, runsConnection } from './run-list.ts'
import { RunSettingsRef } from './run-settings.ts'
import { RunProgress, RunStats } from './run-stats.ts'

const RunItemOrderField = builder.enumType('RunItemOrderField', {
  description: 'What the items of a run can be ordered by. Items without a value come last in either direction.',
  values: {
    POSITION: { description: 'The order they are executed in.' },
    LATENCY: { description: 'How long the task took.' },
    COST: { description: 'What the task cost.' },
    FINISHED_AT: { description: 'When they finished.' },
  },
})

const RunItemOrder = builder.inputType('RunItemOrder', {
  description: 'How the items of a run are ordered.',
  fields: (t) => ({
    field: t.field({
      type: RunItemOrderField,
      required: true,
      defaultValue: 'POSITION',
      description: 'What to order by.',
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'ASC',
      description: 'Which end comes first.',
    }),
  }),
})

builder.prismaNode('Run', {
  description:
    'One execution of an experiment. What decides its results (task, evaluators, dataset version, order) is pinned when it starts, so it never changes meaning.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'Given when it was started, or made from the experiment and the time.',
    }),
    description: t.exposeString('description', { nullable: true, description: 'What is special about it.' }),
    experiment: t.field({
      type: ExperimentRef,
      description: 'The experiment it is a run of, as it is configured now.',
      resolve: linkTo('experiment', (run) => run.experimentId),
    }),
    dataset: t.field({
      type: DatasetRef,
      description: 'The dataset its items are from.',
      resolve: linkTo('dataset', (run) => run.datasetId),
    }),
    datasetVersion: t.exposeInt('datasetVersion', { description: 'The version of the dataset it runs on.' }),
    status: t.expose('status', { type: RunStatus, description: 'Where it is in its life.' }),
    stopReason: t.expose('stopReason', {
      type: StopReason,
      nullable: true,
      description: 'Why it stopped itself; null unless STOPPED.',
    }),
    task: t.field({
      type: Task,
      description: 'What it executes, as it was when it started.',
      resolve: (run) => run.task as unknown as TaskSpec,
    }),
    settings: t.field({
      type: RunSettingsRef,
      description: 'How it executes: as it was when it started, except for what `updateRun` changed since.',
      resolve: (run) => run.settings as unknown as RunSettings,
    }),
    seed: t.exposeString('seed', {
      description: 'Decides the order of its items; runs of a dataset share it unless told otherwise.',
    }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Anything you want to keep with it.' }),
    cursor: t.string({
      description:
        'The feed position of this snapshot: `runFeed(runId, after: cursor)` continues exactly where it ends.',
      resolve: (run, _args, { feeds }) => feeds.cursorOf(run),
    }),
    progress: t.field({ type: RunProgress, description: 'How far it is.', resolve: (run) => run }),
    stats: t.field({
      type: RunStats,
      description: 'What came out so far, at a cost that does not depend on its size.',
      resolve: (run) => run,
    }),
    url: t.string({
      description: 'Where people can look at it.',
      resolve: (run, _args, { publicUrl }) => `${publicUrl}/runs/${encodeGlobalId('Run', run.id)}`,
    }),
    scores: t.field({
      type: [ScoreRef],
      description: 'Scores of the run as a whole.',
      resolve: (run, _args, { loaders }) => loaders.runScores.load(run.id),
    }),
    items: t.field({
      type: RunItemConnection,
      description:
        'Its items: one for each dataset item and repetition, complete from the first second. `totalCount` is known without `status` and `search`.',
      args: {
        ...t.arg.connectionArgs(),
        status: t.arg({ type: [RunItemStatus], description: 'Only items in one of these states.' }),
        search: t.arg.string({
          description: 'Only items with this text in their input, expected output, output or error.',
        }),
        orderBy: t.arg({ type: RunItemOrder, description: 'Default: in the order they are executed.' }),
      },
      resolve: (run, args, context) => {
        const { field, direction } = args.orderBy ?? { field: 'POSITION', direction: 'ASC' }
        context.loaders.links.keepRun(run)
        const list = listRunItems(args, { field, descending: direction === 'DESC' })
        const total = args.status || args.search ? null : run.total
        return listConnection<RunItem>(context, list, `${field} ${direction}`, run.id, args, total)
      },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When a worker took it up.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
})

builder.queryField('runs', (t) =>
  t.field({
    type: RunConnection,
    description: 'All runs, newest first unless ordered otherwise.',
    args: {
      ...t.arg.connectionArgs(),
      datasetId: t.arg.id({ description: 'Only runs on this dataset.' }),
      experimentId: t.arg.id({ description: 'Only runs of this experiment.' }),
      status: t.arg({ type: [RunStatus], description: 'Only runs in one of these states.' }),
      search: t.arg.string({ description: 'Only runs with this text in their name.' }),
      orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
    },
    resolve: (_root, args, context) =>
      runsConnection(context, 'project', context.scope.projectId, args, {
        status: args.status,
        search: args.search,
        datasetId: optionalRawId('Dataset', args.datasetId, ['datasetId']),
        experimentId: optionalRawId('Experiment', args.experimentId, ['experimentId']),
      }),
  }),
)
