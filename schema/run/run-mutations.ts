import type { Run } from '../../src/db/generated/prisma/client.ts'
import { ConflictError, LimitError, NotFoundError } from '../../src/domain/errors.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { cancelRun } from '../../src/engine/runs/cancel-run.ts'
import { deleteRun, deleteRuns } from '../../src/engine/runs/delete-run.ts'
import { resumeRun, retryFailedItems, retryFailedScores } from '../../src/engine/runs/reopen-run.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import type { Services } from '../../src/engine/services.ts'
import { builder } from '../builder.ts'
import { Question } from '../comparison/verdict.ts'
import { bulkDeletion, deletion } from '../deletion.ts'
import { MetricInput } from '../metric.ts'
import { mutation } from '../mutation.ts'
import { RunRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'
import { RunSettingsInput } from './run-settings.ts'

const RunSubsetInput = builder.inputType('RunSubsetInput', {
  description: 'Which items of the dataset to run; all of the conditions must hold.',
  fields: (t) => ({
    tags: t.stringList({ description: 'Items that have all of these tags.' }),
    itemIds: t.idList({ description: 'These dataset items.' }),
    sample: t.int({ description: 'This many items, chosen at random; runs with the same seed get the same ones.' }),
  }),
})

const EarlyStopInput = builder.inputType('EarlyStopInput', {
  description:
    'Stops the run (EARLY_DECISION) as soon as its comparison with a baseline is decided: as soon as 0, or a loss of the\nmargin, is ruled out.',
  fields: (t) => ({
    baselineId: t.id({ required: true, description: 'A run of the same dataset.' }),
    metric: t.field({
      type: MetricInput,
      required: true,
      description: 'A score of the baseline that has bounds, or failed items.',
    }),
    margin: t.float({
      description: 'Stop also when it is not worse by more than this; default 0: stop only when better or worse.',
    }),
    question: t.field({
      type: Question,
      description: 'Default: ON_THESE_ITEMS, which is decided earlier. Such a run is INCONCLUSIVE on items like these.',
    }),
  }),
})

mutation('startRun', {
  description: 'Starts a run of an experiment on its dataset.',
  input: {
    description: 'A run of an experiment.',
    fields: (t) => ({
      experimentId: t.id({ required: true, description: 'The experiment.' }),
      idempotencyKey: t.string({
        description: 'Any text: a repeated request with the same key returns the same run instead of starting another.',
      }),
      name: t.string({ description: 'Default: the name of the experiment and the time.' }),
      description: t.string({ description: 'Its purpose.' }),
      metadata: t.field({ type: 'JSON', description: 'Any data to store with it.' }),
      overrides: t.field({ type: RunSettingsInput, description: 'Settings that replace those of the experiment.' }),
      subset: t.field({ type: RunSubsetInput, description: 'Default: every item.' }),
      evaluatorIds: t.idList({
        description:
          'Exactly these evaluators score it; null: all that are active for the dataset. Default: those of the experiment.',
      }),
      datasetVersion: t.int({ description: 'Default: the current one.' }),
      priority: t.int({ description: 'Runs with a higher priority get workers first; -100 to 100, default 0.' }),
      seed: t.string({
        description:
          'Determines the order of the items. Default: the seed of the dataset, so that its runs share one order.',
      }),
      earlyStop: t.field({ type: EarlyStopInput, description: 'Default: execute every item.' }),
      taskVersion: t.string({
        description: 'The version of the code of a `client` task; default: that of the experiment.',
      }),
      join: t.boolean({
        description:
          'Of a `client` task: return the unfinished run of this name, if there is one, instead of starting another.\nRefused with CONFLICT if it executes something else: another version, other items or repetitions.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError, LimitError],
  resolve: async (input, { services, scope }) => {
    const { experimentId, overrides, subset, evaluatorIds, earlyStop, ...rest } = input
    const run = await startRun(services, scope, {
      ...rest,
      experimentId: rawId('Experiment', experimentId, ['experimentId']),
      settings: overrides,
      evaluatorIds: evaluatorIds && rawIds('Evaluator', evaluatorIds, ['evaluatorIds']),
      earlyStop: earlyStop && {
        ...earlyStop,
        baselineId: rawId('Run', earlyStop.baselineId, ['earlyStop', 'baselineId']),
      },
      subset: subset && {
        ...subset,
        itemIds: subset.itemIds && rawIds('DatasetItem', subset.itemIds, ['subset', 'itemIds']),
      },
    })
    return { run }
  },
  payload: {
    description: 'The run waits for a worker. Follow it with `runFeed`.',
    fields: (t) => ({
      run: t.expose('run', {
        type: RunRef,
        description: 'The new run, or the earlier one: with the same idempotency key, or of this name with `join`.',
      }),
    }),
  },
})

control('cancelRun', {
  description: 'Ends a run and keeps its results. Calls in flight are aborted; unfinished items become CANCELLED.',
  done: 'The run was cancelled.',
  act: cancelRun,
})

control('resumeRun', {
  description: 'Continues a cancelled or stopped run with its unfinished items and evaluations.',
  done: 'The run waits for a worker.',
  act: resumeRun,
})

control('retryFailedItems', {
  description: 'Executes the failed items of a finished run again, with all attempts; everything else stays.',
  done: 'The run waits for a worker.',
  act: retryFailedItems,
})

control('retryFailedScores', {
  description:
    'Calls evaluators of a finished run again where they failed, with all attempts and their present time limits.\nNo task is called. An error stays until there is a score.',
  done: 'The run waits for a worker.',
  act: retryFailedScores,
})

/** Defines a mutation that does something with one run as a whole. */
function control(
  name: string,
  what: {
    description: string
    done: string
    act: (services: Services, scope: Scope, runId: string) => Promise<Run>
  },
): void {
  mutation(name, {
    description: what.description,
    input: {
      description: 'The run.',
      fields: (t) => ({ id: t.id({ required: true, description: 'Its global id.' }) }),
    },
    errors: [NotFoundError, ConflictError],
    resolve: async ({ id }, { services, scope }) => ({
      run: await what.act(services, scope, rawId('Run', id, ['id'])),
    }),
    payload: {
      description: what.done,
      fields: (t) => ({ run: t.expose('run', { type: RunRef, description: 'The run as it is now.' }) }),
    },
  })
}

mutation('updateRun', {
  description: 'Changes how a run is executed, also while it is running; never the meaning of its results.',
  input: {
    description: 'The changes; omitted fields stay as they are.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The run.' }),
      concurrency: t.int({ description: 'Concurrent items, 1–1,000; takes effect at once.' }),
      budgetUsd: t.float({
        description: 'Stop when the known cost of tasks and evaluators reaches this; null lifts the limit.',
      }),
      maxFailureRate: t.float({
        description: 'Stop when more than this share of finished items failed, 0–1; null lifts the limit.',
      }),
      priority: t.int({ description: 'Runs with a higher priority get workers first; -100 to 100.' }),
    }),
  },
  errors: [NotFoundError],
  resolve: async (input, { services, scope }) => ({
    run: await updateRun(services, scope, { ...input, id: rawId('Run', input.id, ['id']) }),
  }),
  payload: {
    description: 'The run was changed.',
    fields: (t) => ({ run: t.expose('run', { type: RunRef, description: 'The run as it is now.' }) }),
  },
})

deletion('deleteRun', {
  type: 'Run',
  description: 'Deletes a finished run with its items and scores.',
  errors: [ConflictError],
  remove: (id, { services, scope }) => deleteRun(services, scope, id),
})

bulkDeletion('deleteRuns', {
  type: 'Run',
  description: 'Deletes up to 1,000 finished runs with their items and scores, all or none.',
  errors: [ConflictError],
  remove: (ids, { services, scope }) => deleteRuns(services, scope, ids),
})
