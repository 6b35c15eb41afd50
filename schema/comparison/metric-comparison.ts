/** One metric of one candidate against the baseline. */
import type { PairsNeededRange as PairsNeededRangeShape } from '../../src/domain/statistics/pairs-needed.ts'
import type { MetricComparison as MetricComparisonShape } from '../../src/engine/comparison/compare-metrics.ts'
import { builder } from '../builder.ts'
import { Direction, FailurePolicy, ScoreDataType } from '../enums.ts'
import { MetricRef } from '../metric.ts'
import { RunRef } from '../refs.ts'
import { CountedAs } from './counted-score.ts'
import { Interval } from './interval.ts'
import { InconclusiveReason, OnTheseItems, Verdict } from './verdict.ts'

export const ComparisonMethod = builder.enumType('ComparisonMethod', {
  description: 'How interval and p value were computed; formulas in docs/statistics.md.',
  values: {
    EXACT_MCNEMAR: { description: "Exact McNemar test and Tango's score interval: every value is 0 or 1." },
    CLUSTERED_T: { description: 'Paired t test and interval over the clusters of items that belong together.' },
    CLUSTER_SIGN_FLIP: {
      description: 'The same where every value is 0 or 1, with a p value from flipping the signs of whole clusters.',
    },
    STUDENT_T: { description: 'Paired t test and interval.' },
    BCA_BOOTSTRAP: {
      description: 'BCa bootstrap interval and exact sign test: few pairs that all changed in one direction.',
    },
    EXACT_SIGN: { description: 'Exact sign test: the differences have no spread, and no interval without bounds.' },
  },
})

export const Clusters = builder.objectRef<NonNullable<MetricComparisonShape['clusters']>>('Clusters').implement({
  description: 'Items that belong together, and how much their differences resemble each other.',
  fields: (t) => ({
    count: t.exposeInt('count', {
      description: 'Clusters with a pair; an item without a value at the path is its own.',
    }),
    icc: t.exposeFloat('icc', {
      nullable: true,
      description: 'Correlation of two differences of one cluster: 0 for independent ones, 1 for copies.',
    }),
    designEffect: t.exposeFloat('designEffect', {
      nullable: true,
      description: 'How many times the variance of `delta` is that of so many independent items.',
    }),
  }),
})

const PairsNeededRange = builder.objectRef<PairsNeededRangeShape>('PairsNeededRange').implement({
  description: 'More pairs that would decide a metric in 80 % of cases like this one.',
  fields: (t) => ({
    low: t.exposeInt('low', { description: 'If the effect is as large as it may be.' }),
    high: t.exposeInt('high', {
      nullable: true,
      description: 'If it is as small as it may be; null: there may be none.',
    }),
  }),
})

export const MetricComparisonRef = builder.objectRef<MetricComparisonShape>('MetricComparison').implement({
  description:
    'One metric of one candidate against the baseline, over the items with a value in both runs.\nRepetitions are averaged first. Items that are not compared are counted in `missing`.',
  fields: (t) => ({
    metric: t.expose('metric', { type: MetricRef, description: 'The metric.' }),
    countedAs: t.expose('countedAs', {
      type: CountedAs,
      nullable: true,
      description: 'Another way to count the score, as requested with `counted`; null: as it is.',
    }),
    dataType: t.expose('dataType', {
      type: ScoreDataType,
      nullable: true,
      description: 'The type of the score; null for other metrics.',
    }),
    candidate: t.expose('candidate', { type: RunRef, description: 'The run that is compared with the baseline.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which values are better.' }),
    failurePolicy: t.expose('failurePolicy', {
      type: FailurePolicy,
      nullable: true,
      description:
        'How failed executions count in the score, or failed calls in latency: MISSING leaves them out, WORST takes them for\nas long as the timeout. Null for other metrics.',
    }),
    margin: t.exposeFloat('margin', {
      description:
        'How much worse it may be and still count as not worse, in its units. As requested; 0 for a share of the mean of a\nbaseline that has not finished.',
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
    selected: t.exposeBoolean('selected', {
      description:
        'Whether a run was stopped because of this comparison: `delta` is then larger than the true difference on average.',
    }),
    bounds: t.expose('bounds', {
      type: Interval,
      nullable: true,
      description:
        'What `delta` may be, whatever the values are that are missing because calls or evaluators failed.\nNull until both runs are complete, without pairs, and if a missing value could be anything.',
    }),
    interval: t.expose('interval', {
      type: Interval,
      nullable: true,
      description:
        'Paired 95 % interval of `delta`. Null until both runs are complete, because it is valid only once, at the end.',
    }),
    sequence: t.expose('sequence', {
      type: Interval,
      nullable: true,
      description:
        '95 % interval of `delta`, valid at any time, over the pairs finished so far in schedule order.\nNull for metrics without bounds, and when the differences drift: later pairs contradict earlier ones.',
    }),
    sequencePairs: t.exposeInt('sequencePairs', { description: 'Number of pairs in `sequence`.' }),
    pValue: t.exposeFloat('pValue', {
      nullable: true,
      description: 'The probability of a difference this large by chance. Null until both runs are complete.',
    }),
    adjustedPValue: t.exposeFloat('adjustedPValue', {
      nullable: true,
      description:
        'The p value, corrected for the other metrics and candidates and for missing values; it decides the verdict.\nNull without a verdict.',
    }),
    method: t.expose('method', {
      type: ComparisonMethod,
      nullable: true,
      description: 'How interval and p value were computed; null when there are none.',
    }),
    clusters: t.expose('clusters', {
      type: Clusters,
      nullable: true,
      description:
        'The clusters of items that belong together; null where no path is named, until both runs are complete.',
    }),
    pairs: t.exposeInt('pairs', { description: 'Items with a value in both runs.' }),
    improved: t.exposeInt('improved', { description: 'Pairs that improved; 0 for a metric without direction.' }),
    regressed: t.exposeInt('regressed', { description: 'Pairs that regressed; 0 for a metric without direction.' }),
    unchanged: t.exposeInt('unchanged', { description: 'Pairs that did not change.' }),
    missing: t.exposeInt('missing', {
      description:
        'Items of either run that have no value in one of them: not in that run, failed, not scored, not finished.',
    }),
    lacking: t.exposeInt('lacking', {
      description: 'Of the missing: executed in both runs, but a call or an evaluator failed.',
    }),
    notExecuted: t.exposeInt('notExecuted', {
      description: 'Of the missing: not executed in both runs. The others do not apply, or were not sampled.',
    }),
    leftOut: t.exposeInt('leftOut', {
      description: 'Items of both runs that are left out because they are not alike: see `RunComparison.differences`.',
    }),
    verdict: t.expose('verdict', {
      type: Verdict,
      description: 'The conclusion for items like these, of which these are a sample.',
    }),
    reason: t.expose('reason', {
      type: InconclusiveReason,
      nullable: true,
      description: 'Why it is INCONCLUSIVE; null otherwise.',
    }),
    detectable: t.exposeFloat('detectable', {
      nullable: true,
      description:
        'For INCONCLUSIVE: the smallest true difference that would have been shown with 80 % probability.\nNull if nothing could have been.',
    }),
    onTheseItems: t.expose('onTheseItems', {
      type: OnTheseItems,
      description: 'The conclusion for exactly these items.',
    }),
    pairsNeeded: t.exposeInt('pairsNeeded', {
      nullable: true,
      description: 'For INCONCLUSIVE: about how many more pairs would decide it, if the effect is as observed.',
    }),
    pairsNeededRange: t.expose('pairsNeededRange', {
      type: PairsNeededRange,
      nullable: true,
      description: 'How far `pairsNeeded` may be off, because the effect is not known exactly.',
    }),
    familySize: t.exposeInt('familySize', {
      nullable: true,
      description:
        'With how many tests of this comparison, this one included, it shares the error of 5 %: those of all candidates and\nall metrics beside it, the primary ones apart. Null without a test.',
    }),
  }),
})
