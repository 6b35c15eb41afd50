/** The statistics of a run by tag, or by a value in the metadata, of its items. */
import type { Run } from '../../src/db/generated/prisma/client.ts'
import {
  type Grouping,
  type GroupScoreRow,
  maxValueLength,
  type RunGroupRow,
} from '../../src/db/sql/run/load-run-groups.ts'
import { checkMetadataPath } from '../../src/domain/metadata-path.ts'
import { finishedCount, missingCount } from '../../src/domain/run-figures.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { ScoreSource } from '../enums.ts'
import { checkPageSize } from '../relay/connection.ts'
import { readingCost } from './run-distribution.ts'
import { DistributionRef, LabelCount, RunStats } from './run-stats.ts'

const GroupScore = builder.objectRef<GroupScoreRow & { group: RunGroupRow }>('GroupScore').implement({
  description: 'A score in a group of a run: the figures of `ScoreSummary`, over the executions of the group.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the score.' }),
    source: t.expose('source', { type: ScoreSource, description: 'Who gave the scores.' }),
    count: t.exposeInt('count', { description: 'Executions with a value or label.' }),
    errorCount: t.exposeInt('errorCount', {
      description: 'Executions for which there is only an error of the evaluator.',
    }),
    missingCount: t.int({
      description: 'Finished executions, failed ones included, with neither.',
      resolve: (score) => missingCount(score.group, score),
    }),
    items: t.exposeInt('items', { description: 'Items with a value.' }),
    mean: t.exposeFloat('mean', {
      nullable: true,
      description: 'Mean over the items, repetitions averaged; for booleans the share of true. Null without values.',
    }),
    stddev: t.exposeFloat('stddev', {
      nullable: true,
      description: 'Sample standard deviation of the items; null below two.',
    }),
    stderr: t.float({
      nullable: true,
      description: 'Standard error of the mean; null below two items.',
      resolve: ({ stddev, items }) => (stddev === null ? null : stddev / Math.sqrt(items)),
    }),
    labels: t.field({
      type: [LabelCount],
      description: 'Number of executions with each category, most frequent first; empty for numbers.',
      resolve: ({ labels }) => labels,
    }),
  }),
})

const RunGroup = builder.objectRef<RunGroupRow>('RunGroup').implement({
  description: 'The executions of a run’s items with one tag, or one value in their metadata.',
  fields: (t) => ({
    value: t.exposeString('value', {
      nullable: true,
      description: `The tag, or the first ${maxValueLength} characters of the value; null: the items without any.`,
    }),
    total: t.exposeInt('total', { description: 'Executions: items times repetitions.' }),
    succeeded: t.exposeInt('succeeded', { description: 'Returned an output.' }),
    failed: t.exposeInt('failed', { description: 'Failed in the last attempt.' }),
    latencyMs: t.expose('latencyMs', {
      type: DistributionRef,
      nullable: true,
      description: 'Milliseconds of the task alone, over succeeded executions; exact.',
    }),
    costUsd: t.exposeFloat('costUsd', {
      nullable: true,
      description: 'The cost of the task, over the executions whose cost is known; null if none is.',
    }),
    unknownCostCount: t.int({
      description: 'Finished executions whose cost is not known.',
      resolve: (group) => Math.max(0, finishedCount(group) - group.costCount),
    }),
    scores: t.field({
      type: [GroupScore],
      description: 'Every score of the run, by name and source.',
      resolve: (group) => group.scores.map((score) => ({ ...score, group })),
    }),
  }),
})

const size = { required: true, defaultValue: 50, description: 'How many groups at most, 1–100.' } as const
const perTag = 'An item counts in the group of each of its tags.'
const reading = 'Reads all of its items and scores, so the cost grows with the run.'

builder.objectFields(RunStats, (t) => ({
  byTag: t.field({
    type: [RunGroup],
    description: `Its statistics by tag, largest group first. ${perTag}\n${reading}`,
    extensions: { cost: 2 * readingCost },
    args: { first: t.arg.int(size) },
    resolve: (run, { first }, context) => groupsOf(run, { by: 'TAG' }, first, context),
  }),
  byMetadata: t.field({
    type: [RunGroup],
    description: `Its statistics by a value in the metadata of its items, largest group first.\n${reading}`,
    extensions: { cost: 2 * readingCost },
    args: {
      path: t.arg.stringList({
        required: true,
        description: 'Where the value is: `["customer", "country"]`; numbers are positions in lists, from 0.',
      }),
      first: t.arg.int(size),
    },
    resolve: (run, { path, first }, context) => {
      return groupsOf(run, { by: 'METADATA', path: checkMetadataPath(path, ['path']) }, first, context)
    },
  }),
}))

async function groupsOf(run: Run, grouping: Grouping, first: number, { loaders }: Context): Promise<RunGroupRow[]> {
  checkPageSize('first', first)
  return loaders.runGroups({ grouping, limit: first }).load(run.id)
}
