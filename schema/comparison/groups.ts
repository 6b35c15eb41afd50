/** The difference of one metric in groups of items. */
import type { Grouping } from '../../src/db/sql/run/load-run-groups.ts'
import { parseCountedAs } from '../../src/domain/counted-as.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { checkMetadataPath } from '../../src/domain/metadata-path.ts'
import { parseMetric } from '../../src/domain/metric.ts'
import type { Interaction as InteractionShape } from '../../src/domain/statistics/interaction.ts'
import { type ComparedMetric, metricIn } from '../../src/engine/comparison/compared-metrics.ts'
import type { Comparison } from '../../src/engine/comparison/comparison.ts'
import { countedMetric } from '../../src/engine/comparison/counted-scores.ts'
import { type GroupDelta, type GroupDeltas, groupDeltas } from '../../src/engine/comparison/group-deltas.ts'
import { builder } from '../builder.ts'
import { MetricInput, MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { checkPageSize } from '../relay/connection.ts'
import { comparisonCost, RunComparison } from './comparison.ts'
import { CountedAs, CountedAsInput } from './counted-score.ts'
import { Interval } from './interval.ts'
import { Clusters, ComparisonMethod } from './metric-comparison.ts'

const ComparisonGroup = builder.objectRef<GroupDelta>('ComparisonGroup').implement({
  description: 'The items with one tag, or one value in their metadata; figures as of `MetricComparison`.',
  fields: (t) => ({
    value: t.exposeString('value', {
      nullable: true,
      description: 'The tag, or the first 200 characters of the value; null: the items without any.',
    }),
    baselineMean: t.exposeFloat('baselineMean', {
      nullable: true,
      description: 'Mean of the baseline over the pairs.',
    }),
    candidateMean: t.exposeFloat('candidateMean', {
      nullable: true,
      description: 'Mean of the candidate over the pairs.',
    }),
    delta: t.exposeFloat('delta', { nullable: true, description: 'Mean of candidate − baseline over the pairs.' }),
    interval: t.expose('interval', {
      type: Interval,
      nullable: true,
      description: '95 % interval of `delta` of this group alone. Null until both runs are complete.',
    }),
    bounds: t.expose('bounds', {
      type: Interval,
      nullable: true,
      description: 'What `delta` may be, whatever the values are that are missing because calls or evaluators failed.',
    }),
    method: t.expose('method', {
      type: ComparisonMethod,
      nullable: true,
      description: 'How the interval was computed.',
    }),
    clusters: t.expose('clusters', { type: Clusters, nullable: true, description: 'The clusters in this group.' }),
    pairs: t.exposeInt('pairs', { description: 'Items with a value in both runs.' }),
    improved: t.exposeInt('improved', { description: 'Pairs that improved.' }),
    regressed: t.exposeInt('regressed', { description: 'Pairs that regressed.' }),
    unchanged: t.exposeInt('unchanged', { description: 'Pairs that did not change.' }),
    missing: t.exposeInt('missing', { description: 'Items of the group in both runs without a value in one of them.' }),
    lacking: t.exposeInt('lacking', { description: 'Of them, those of which a call or an evaluator failed.' }),
  }),
})

const Interaction = builder.objectRef<InteractionShape>('Interaction').implement({
  description: 'One test of whether the difference is another one in one group than in another.',
  fields: (t) => ({
    pValue: t.exposeFloat('pValue', {
      nullable: true,
      description:
        'How often groups that are all alike would differ so much by chance. Null with fewer than two groups of two pairs.',
    }),
    groups: t.exposeInt('groups', { description: 'The groups that were tested: those with two pairs at least.' }),
  }),
})

const ComparisonGroups = builder.objectRef<GroupDeltas>('ComparisonGroups').implement({
  description: 'One metric of one candidate by groups of items. Look at the interaction before at single groups.',
  fields: (t) => ({
    metric: t.field({ type: MetricRef, description: 'The metric.', resolve: ({ metric }) => metric.metric }),
    countedAs: t.field({
      type: CountedAs,
      nullable: true,
      description: 'Another way to count the score; null: as it is.',
      resolve: ({ metric }) => metric.countedAs,
    }),
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    groups: t.expose('groups', { type: [ComparisonGroup], description: 'The largest group first.' }),
    groupCount: t.exposeInt('groupCount', { description: 'How many groups there are, listed or not.' }),
    interaction: t.expose('interaction', {
      type: Interaction,
      nullable: true,
      description: 'Whether the listed groups differ at all; null until both runs are complete.',
    }),
  }),
})

const GroupingInput = builder.inputType('GroupingInput', {
  description: 'What items are grouped by: exactly one of these; a Boolean must be true.',
  isOneOf: true,
  fields: (t) => ({
    tag: t.boolean({ description: 'Their tags: an item counts in the group of each of its tags.' }),
    metadata: t.stringList({ description: 'The value at this path of their metadata: `["customer", "country"]`.' }),
  }),
})

function groupingOf({ tag, metadata }: typeof GroupingInput.$inferInput): Grouping {
  if (metadata) return { by: 'METADATA', path: checkMetadataPath(metadata, ['by', 'metadata']) }
  if (tag) return { by: 'TAG' }
  throw new InvalidInputError('Expected true, or a path of the metadata, got false.', ['by', 'tag'])
}

/** The metric that an argument names, counted in another way if one is given. */
export function comparedMetric(
  { metrics, runs }: Comparison,
  metric: typeof MetricInput.$inferInput,
  as: typeof CountedAsInput.$inferInput | null | undefined,
  path: string[],
): ComparedMetric {
  const found = metricIn(metrics, parseMetric(metric, path), path)
  return as ? countedMetric(found, runs, parseCountedAs(as, ['as']), []) : found
}

builder.objectField(RunComparison, 'byGroup', (t) =>
  t.field({
    type: [ComparisonGroups],
    description:
      'One metric by tag, or by a value in the metadata, of the items; one for each candidate. Empty without a baseline.',
    extensions: { cost: comparisonCost },
    args: {
      metric: t.arg({ type: MetricInput, required: true, description: 'The metric.' }),
      as: t.arg({ type: CountedAsInput, description: 'Another way to count the score.' }),
      by: t.arg({ type: GroupingInput, required: true, description: 'What the items are grouped by.' }),
      first: t.arg.int({ required: true, defaultValue: 20, description: 'How many groups at most, 1–100.' }),
    },
    resolve: (comparison, { metric, as, by, first }, { services }) => {
      checkPageSize('first', first)
      const compared = comparedMetric(comparison, metric, as, ['metric'])
      return groupDeltas(services.db, comparison, compared, groupingOf(by), first)
    },
  }),
)
