import type { TaskSpec } from '../../src/domain/execution/task.ts'
import type { RunSettings } from '../../src/domain/run.ts'
import { durationMs } from '../../src/domain/run-figures.ts'
import { builder } from '../builder.ts'
import { RunStatus, StopReason } from '../enums.ts'
import { Task } from '../experiment/task.ts'
import { linkTo } from '../links.ts'
import { DatasetRef, ExperimentRef, RunConnection, RunItemConnection, RunRef, ScoreRef } from '../refs.ts'
import { encodeGlobalId, rawId } from '../relay/global-id.ts'
import { RunItemFilter, RunItemOrder, runItemsConnection } from './run-item-list.ts'
import { RunFilter, RunOrder, runsConnection } from './run-list.ts'
import { RunSettingsRef } from './run-settings.ts'
import { RunProgress, RunStats } from './run-stats.ts'

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
      description: 'One for each dataset item and repetition, from the first second. `totalCount` is known by status.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: RunItemFilter, description: 'Which items; default: all.' }),
        orderBy: t.arg({ type: RunItemOrder, description: 'Default: in the order they are executed.' }),
      },
      resolve: (run, args, context) => runItemsConnection(context, run, args),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When a worker took it up.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    durationMs: t.float({
      nullable: true,
      description: 'Milliseconds from `startedAt` to `finishedAt`, pauses included; null until then.',
      resolve: durationMs,
    }),
  }),
})

builder.queryFields((t) => ({
  run: t.prismaField({
    type: RunRef,
    nullable: true,
    description: 'The run with this id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its global id.' }) },
    resolve: (query, _root, { id }, { services, scope: { projectId } }) =>
      services.db.prisma.run.findUnique({ ...query, where: { id: rawId('Run', id, ['id']), projectId } }),
  }),
  runs: t.field({
    type: RunConnection,
    description: 'All runs, newest first unless ordered otherwise.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: RunFilter, description: 'Which runs; default: all.' }),
      orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
    },
    resolve: (_root, args, context) => runsConnection(context, 'project', context.scope.projectId, args),
  }),
}))
