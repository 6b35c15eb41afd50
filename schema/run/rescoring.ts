/** Scoring the stored outputs of runs again, and what versions of evaluators gave them. */

import type { Run } from '../../src/db/generated/prisma/client.ts'
import {
  loadScoreVersions,
  type ScoreVersion as ScoreVersionShape,
} from '../../src/db/sql/score/load-score-versions.ts'
import { proportionOf } from '../../src/domain/agreement/proportion.ts'
import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import { type Rescoring as RescoringShape, rescored } from '../../src/domain/rescoring.ts'
import { parseScoreName } from '../../src/domain/score.ts'
import { mean, summaryInterval } from '../../src/domain/statistics/score-figures.ts'
import { cancelRescoring, rescoreRuns } from '../../src/engine/runs/rescore-runs.ts'
import { builder } from '../builder.ts'
import { Interval } from '../comparison/interval.ts'
import { Proportion } from '../evaluator/judge-report.ts'
import { mutation } from '../mutation.ts'
import { EvaluatorRef, RunRef } from '../refs.ts'
import { rawId, rawIds } from '../relay/global-id.ts'

const RescoringStatus = builder.enumType('RescoringStatus', {
  description: 'Whether outputs are being scored again.',
  values: {
    RUNNING: { description: 'Evaluations wait, or are being made.' },
    COMPLETED: { description: 'All of them were made.' },
    CANCELLED: { description: 'Ended by `cancelRescoring`; what was left is not scored.' },
    STOPPED: { description: 'Ended by a budget; what was left is not scored.' },
  },
})

const RunScoring = builder.objectRef<{ run: Run; rescoring: RescoringShape }>('RunScoring').implement({
  description: 'How far the outputs of a finished run are scored again.',
  fields: (t) => ({
    status: t.field({
      type: RescoringStatus,
      description: 'Its status.',
      resolve: ({ rescoring }) => rescoring.status,
    }),
    total: t.int({
      description: 'Evaluations: one of each output by each evaluator, sampled or not.',
      resolve: ({ rescoring }) => rescoring.total,
    }),
    done: t.int({
      description: 'Those that have ended.',
      resolve: ({ run, rescoring }) => rescored(rescoring, run),
    }),
    costUsd: t.float({
      description: 'What the evaluators of the run have cost since it began, as far as they say.',
      resolve: ({ run, rescoring }) => run.evaluatorCostSum - rescoring.spentBeforeUsd,
    }),
    budgetUsd: t.float({
      nullable: true,
      description: 'It ends when it has cost this; null: no limit besides that of the run.',
      resolve: ({ rescoring }) => rescoring.budgetUsd,
    }),
  }),
})

const ScoreVersion = builder.objectRef<ScoreVersionShape>('ScoreVersion').implement({
  description: 'The scores that a version of an evaluator gave the items of a run.',
  fields: (t) => ({
    evaluator: t.field({
      type: EvaluatorRef,
      description: 'The evaluator, as it is now.',
      resolve: async ({ evaluatorVersionId }, _args, { loaders: { links } }) => {
        const { evaluatorId } = await links.load('evaluatorVersion', evaluatorVersionId)
        return links.load('evaluator', evaluatorId)
      },
    }),
    version: t.int({
      description: 'Its version.',
      resolve: async ({ evaluatorVersionId }, _args, { loaders: { links } }) =>
        (await links.load('evaluatorVersion', evaluatorVersionId)).version,
    }),
    isCurrent: t.exposeBoolean('isCurrent', { description: 'Whether these scores count; those of one version do.' }),
    count: t.exposeInt('count', { description: 'Executions that it gave a value or label.' }),
    errorCount: t.exposeInt('errorCount', { description: 'Executions where it failed.' }),
    mean: t.float({
      nullable: true,
      description: 'The mean over the items, repetitions averaged; null without values.',
      resolve: (version) => mean(version),
    }),
    agreement: t.field({
      type: Proportion,
      description: 'Of executions that the current version scored, too, how often both scores are the same.',
      resolve: ({ paired, same }) => proportionOf(same, paired),
    }),
    difference: t.float({
      nullable: true,
      description: 'Mean of current − this, over the items that both gave a value; null without.',
      resolve: ({ dataType, differences }) => mean({ dataType, ...differences }),
    }),
    differenceInterval: t.field({
      type: Interval,
      nullable: true,
      description: 'Where `difference` is for items like these, with 95 % confidence.',
      // Differences of booleans are no booleans.
      resolve: ({ dataType, differences }) =>
        dataType === 'CATEGORICAL' || dataType === 'TEXT'
          ? null
          : summaryInterval({ dataType: 'NUMERIC', ...differences, lowest: null, highest: null }, null),
    }),
  }),
})

builder.objectFields(RunRef, (t) => ({
  scoring: t.field({
    type: RunScoring,
    nullable: true,
    description:
      'How far `rescoreRuns` is, or how it ended last; null for a run that was only scored as it was executed.',
    resolve: (run) => (run.rescoring === null ? null : { run, rescoring: run.rescoring as unknown as RescoringShape }),
  }),
  scoreVersions: t.field({
    type: [ScoreVersion],
    description: 'What versions of evaluators gave for a score, the one that counts first. Reads all of these scores.',
    args: { name: t.arg.string({ required: true, description: 'The name of the score.' }) },
    resolve: (run, { name }, { services }) => loadScoreVersions(services.db.pool, run.id, parseScoreName(name)),
  }),
}))

mutation('rescoreRuns', {
  description:
    'Scores the stored outputs of finished runs again, by the current versions of evaluators: also of runs that clients\nexecuted, and of imported ones. No task is called; the status of the runs stays. Their newest scores count.',
  input: {
    description: 'The runs and the evaluators.',
    fields: (t) => ({
      runIds: t.idList({ required: true, description: 'Finished runs, 1–1,000; all or none.' }),
      evaluatorIds: t.idList({
        description: 'These evaluators, active or not. Default: all that are active for the dataset of each run.',
      }),
      budgetUsd: t.float({
        description: 'For each run: end when it has cost this. Default: no limit besides the budget of the run.',
      }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ runIds, evaluatorIds, budgetUsd }, { services, scope }) => ({
    runs: await rescoreRuns(services, scope, {
      runIds: rawIds('Run', runIds, ['runIds']),
      evaluatorIds: evaluatorIds && rawIds('Evaluator', evaluatorIds, ['evaluatorIds']),
      budgetUsd,
    }),
  }),
  payload: {
    description: 'The runs wait for a worker. `Run.scoring` says how far it is.',
    fields: (t) => ({ runs: t.expose('runs', { type: [RunRef], description: 'In the order of the input.' }) }),
  },
})

mutation('cancelRescoring', {
  description: 'Ends that the outputs of a run are scored again. What has been scored stays.',
  input: {
    description: 'The run.',
    fields: (t) => ({ id: t.id({ required: true, description: 'Its global id.' }) }),
  },
  errors: [NotFoundError],
  resolve: async ({ id }, { services, scope }) => ({
    run: await cancelRescoring(services, scope, rawId('Run', id, ['id'])),
  }),
  payload: {
    description: 'It has ended.',
    fields: (t) => ({ run: t.expose('run', { type: RunRef, description: 'The run as it is now.' }) }),
  },
})
