import type { PinnedFunctions } from '../../src/domain/execution/functions.ts'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import { isOver } from '../../src/domain/rescoring.ts'
import type { RunSettings } from '../../src/domain/run.ts'
import { durationMs } from '../../src/domain/run-figures.ts'
import { waitingReason } from '../../src/engine/runs/waiting-reason.ts'
import { builder } from '../builder.ts'
import { RunStatus, StopReason } from '../enums.ts'
import { Task } from '../experiment/task.ts'
import { linkTo } from '../links.ts'
import { ModuleKind } from '../project/registered-function.ts'
import { DatasetRef, ExperimentRef, RunConnection, RunItemConnection, RunRef, ScoreRef } from '../refs.ts'
import { encodeGlobalId, rawId } from '../relay/global-id.ts'
import { RunItemFilter, RunItemOrder, runItemsConnection } from './run-item-list.ts'
import { RunFilter, RunOrder, runsConnection } from './run-list.ts'
import { RunSettingsRef } from './run-settings.ts'
import { RunProgress, RunStats } from './run-stats.ts'

interface RunFunctionRow {
  kind: typeof ModuleKind.$inferType
  name: string
  hash: string | null
}

const RunFunction = builder.objectRef<RunFunctionRow>('RunFunction').implement({
  description: 'A function of assay.config.ts as a run was started with.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name it is registered under.' }),
    kind: t.expose('kind', { type: ModuleKind, description: 'Its purpose.' }),
    hash: t.exposeString('hash', {
      nullable: true,
      description: 'As `Module.hash`; null until the first worker takes a run that was started without one.',
    }),
  }),
})

function runFunctions(functions: PinnedFunctions | null): RunFunctionRow[] {
  const of = (kind: RunFunctionRow['kind'], hashes: Record<string, string | null> = {}) =>
    Object.entries(hashes).map(([name, hash]) => ({ kind, name, hash }))
  return [...of('TASK', functions?.tasks), ...of('EVALUATOR', functions?.evaluators)]
}

builder.prismaNode('Run', {
  description:
    'One execution of an experiment. Task, evaluators, dataset version and order are pinned when it starts,\nso that its meaning never changes.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, projectId: scope.projectId }),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'Its name; default: derived from the experiment and the time.',
    }),
    description: t.exposeString('description', { nullable: true, description: 'Its purpose.' }),
    experiment: t.field({
      type: ExperimentRef,
      description: 'Its experiment, as it is configured now.',
      resolve: linkTo('experiment', (run) => run.experimentId),
    }),
    dataset: t.field({
      type: DatasetRef,
      description: 'The dataset of its items.',
      resolve: linkTo('dataset', (run) => run.datasetId),
    }),
    datasetVersion: t.exposeInt('datasetVersion', { description: 'The version of the dataset it runs on.' }),
    status: t.expose('status', { type: RunStatus, description: 'Its status.' }),
    stopReason: t.expose('stopReason', {
      type: StopReason,
      nullable: true,
      description: 'Why it stopped; null unless STOPPED.',
    }),
    stopMessage: t.exposeString('stopMessage', {
      nullable: true,
      description: 'With the reason PROVIDER: what the provider said, and what to do before `resumeRun`.',
    }),
    task: t.field({
      type: Task,
      description: 'What it executes, as it was when it started.',
      resolve: (run) => run.task as unknown as TaskSpec,
    }),
    functions: t.field({
      type: [RunFunction],
      description: 'The functions of assay.config.ts that execute and score it: no others do.',
      resolve: (run) => runFunctions(run.functions as unknown as PinnedFunctions | null),
    }),
    waitingReason: t.string({
      nullable: true,
      description:
        'Why no worker executes it, as sentences; null while one does or can, and when it is over.\nOf a run that clients execute: why no worker scores what they have recorded.',
      resolve: async (run, _args, { loaders }) => {
        if (isOver(run)) return null
        const isOfClients = (run.task as unknown as TaskSpec).kind === 'client'
        const unscored = isOfClients && (run.evaluationsQueued > 0 || (await loaders.unscored.load(run.id)) !== null)
        return waitingReason(run, await loaders.workers.load(0), unscored)
      },
    }),
    settings: t.field({
      type: RunSettingsRef,
      description: 'How it is executed: pinned when it started, except for changes by `updateRun`.',
      resolve: (run) => run.settings as unknown as RunSettings,
    }),
    seed: t.exposeString('seed', {
      description: 'Determines the order of its items; by default the same for all runs of a dataset.',
    }),
    metadata: t.expose('metadata', { type: 'JSON', nullable: true, description: 'Any data to store with it.' }),
    cursor: t.string({
      description:
        'The feed position of this snapshot: `runFeed(runId, after: cursor)` continues exactly where it ends.',
      resolve: (run, _args, { feeds }) => feeds.cursorOf(run),
    }),
    progress: t.field({ type: RunProgress, description: 'Its progress.', resolve: (run) => run }),
    stats: t.field({
      type: RunStats,
      description: 'Its statistics so far. The cost does not depend on the size of the run.',
      resolve: (run) => run,
    }),
    url: t.string({
      description: 'URL of its web page.',
      resolve: (run, _args, { publicUrl }) => `${publicUrl}/runs/${encodeGlobalId('Run', run.id)}`,
    }),
    scores: t.field({
      type: [ScoreRef],
      description: 'Scores of the whole run.',
      resolve: (run, _args, { loaders }) => loaders.runScores.load(run.id),
    }),
    items: t.field({
      type: RunItemConnection,
      description:
        'Its items, one for each dataset item and repetition, all of them from the start.\n`totalCount` is known without other filters than `status`.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: RunItemFilter, description: 'Which items; default: all.' }),
        orderBy: t.arg({ type: RunItemOrder, description: 'Default: in the order they are executed.' }),
      },
      resolve: (run, args, context, info) => runItemsConnection(context, run, args, info),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When a worker started it.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it finished.' }),
    outputsRemovedAt: t.expose('outputsRemovedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the retention rules of the project removed its outputs, while its scores stayed; null while it has them.',
    }),
    durationMs: t.float({
      nullable: true,
      description: 'Milliseconds from `startedAt` to `finishedAt`, pauses included; null until it has finished.',
      resolve: durationMs,
    }),
  }),
})

builder.queryFields((t) => ({
  run: t.prismaField({
    type: RunRef,
    nullable: true,
    description: 'The run with this id; null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its global id.' }) },
    resolve: (query, _root, { id }, { services, scope: { projectId } }) =>
      services.db.prisma.run.findUnique({ ...query, where: { id: rawId('Run', id, ['id']), projectId } }),
  }),
  runs: t.field({
    type: RunConnection,
    description: 'All runs, by default newest first.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: RunFilter, description: 'Which runs; default: all.' }),
      orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
    },
    resolve: (_root, args, context) => runsConnection(context, 'project', context.scope.projectId, args),
  }),
}))
