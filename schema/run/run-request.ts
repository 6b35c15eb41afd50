/** What a run was started with, besides what it executes and how. */
import type { EvaluatorVersion } from '../../src/db/generated/prisma/client.ts'
import { type EarlyStop as EarlyStopShape, questionOf } from '../../src/domain/early-stop.ts'
import type { EvaluatorSpec } from '../../src/domain/evaluation.ts'
import type { RunSubset as RunSubsetShape } from '../../src/domain/run.ts'
import type { ScoreCondition as ScoreConditionShape } from '../../src/domain/score-condition.ts'
import { evaluatorHash } from '../../src/engine/evaluator-hash.ts'
import { builder } from '../builder.ts'
import { Question } from '../comparison/verdict.ts'
import { Direction, ScoreDataType } from '../enums.ts'
import { EvaluatorDefinition } from '../evaluator/evaluator-definition.ts'
import { ScoreCondition } from '../evaluator/score-condition.ts'
import { linkTo } from '../links.ts'
import { MetricRef } from '../metric.ts'
import { EvaluatorRef, PersonRef, RunRef } from '../refs.ts'
import { encodeGlobalId } from '../relay/global-id.ts'

const RunSubset = builder.objectRef<RunSubsetShape>('RunSubset').implement({
  description: 'The items of the dataset that a run was started on; all of the conditions hold.',
  fields: (t) => ({
    tags: t.field({
      type: ['String'],
      nullable: true,
      description: 'Items that have all of these tags.',
      resolve: ({ tags }) => tags ?? null,
    }),
    itemIds: t.field({
      type: ['ID'],
      nullable: true,
      description: 'These dataset items.',
      resolve: ({ itemIds }) => itemIds?.map((id) => encodeGlobalId('DatasetItem', id)) ?? null,
    }),
    sample: t.int({
      nullable: true,
      description: 'This many items, chosen at random by the seed.',
      resolve: ({ sample }) => sample ?? null,
    }),
  }),
})

const EarlyStop = builder.objectRef<EarlyStopShape>('EarlyStop').implement({
  description: 'The comparison that stops a run as soon as it is decided.',
  fields: (t) => ({
    baseline: t.field({
      type: RunRef,
      nullable: true,
      description: 'The run it is compared with; null if that was deleted.',
      resolve: ({ baselineId }, _args, { loaders }) => loaders.links.find('run', baselineId),
    }),
    metric: t.expose('metric', { type: MetricRef, description: 'The metric that is compared.' }),
    margin: t.exposeFloat('margin', { description: 'How much worse it may be and still count as not worse.' }),
    question: t.field({ type: Question, description: 'What is asked.', resolve: questionOf }),
  }),
})

const RunEvaluator = builder.objectRef<EvaluatorVersion>('RunEvaluator').implement({
  description: 'An evaluator that scores a run, as it was when the run started.',
  fields: (t) => ({
    evaluator: t.field({
      type: EvaluatorRef,
      description: 'The evaluator as it is now.',
      resolve: linkTo('evaluator', (version) => version.evaluatorId),
    }),
    version: t.exposeInt('version', { description: 'Its version.' }),
    definition: t.field({
      type: EvaluatorDefinition,
      description: 'How it scores.',
      resolve: ({ definition }) => definition as unknown as EvaluatorSpec,
    }),
    hash: t.string({
      description: 'Identifies what decides on its scores: versions with equal ones score alike.',
      resolve: ({ definition, dataType }) => evaluatorHash(definition as unknown as EvaluatorSpec, dataType),
    }),
    dataType: t.expose('dataType', { type: ScoreDataType, description: 'The type of its scores.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which of its scores are better.' }),
    sampling: t.exposeFloat('sampling', { description: 'Share of the items it scores, above 0 and up to 1.' }),
    onlyIf: t.field({
      type: ScoreCondition,
      nullable: true,
      description: 'Only items whose score by another evaluator is like this are scored; null: all.',
      resolve: ({ onlyIf }) => onlyIf as unknown as ScoreConditionShape | null,
    }),
  }),
})

builder.objectFields(RunRef, (t) => ({
  priority: t.exposeInt('priority', { description: 'Runs with a higher priority get workers first; -100 to 100.' }),
  idempotencyKey: t.exposeString('idempotencyKey', {
    nullable: true,
    description: 'The idempotency key of its start: a repeated request with it returns this run.',
  }),
  subset: t.field({
    type: RunSubset,
    nullable: true,
    description: 'The items it was started on; null: every item, or a run from before this was stored.',
    // Runs from before empty ones were not stored may have one.
    resolve: ({ subset }) =>
      Object.values((subset ?? {}) as RunSubsetShape).some((part) => part != null) ? (subset as RunSubsetShape) : null,
  }),
  evaluators: t.field({
    type: [RunEvaluator],
    description: 'The evaluators that score it, by name, pinned when it started.',
    resolve: (run, _args, { loaders }) => loaders.runEvaluators.load(run.id),
  }),
  earlyStop: t.field({
    type: EarlyStop,
    nullable: true,
    description: 'The comparison that may stop it early; null if there is none, or the run was resumed after it.',
    resolve: ({ earlyStop }) => earlyStop as EarlyStopShape | null,
  }),
  startedBy: t.field({
    type: PersonRef,
    nullable: true,
    description: 'The person who started it; null for runs from before this was stored.',
    resolve: ({ startedById }, _args, { loaders }) =>
      startedById === null ? null : loaders.links.load('person', startedById),
  }),
}))
