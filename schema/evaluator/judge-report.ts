/** How far an evaluator may be trusted, by what people say of the outputs that it has scored. */
import type { Kappa as KappaShape } from '../../src/domain/agreement/cohen-kappa.ts'
import type { Confusion as ConfusionShape } from '../../src/domain/agreement/confusion.ts'
import type { CorrectedMean as CorrectedMeanShape } from '../../src/domain/agreement/corrected-mean.ts'
import type { Estimate as EstimateShape, TagFigures } from '../../src/domain/agreement/judge-figures.ts'
import type { Alpha as AlphaShape } from '../../src/domain/agreement/krippendorff.ts'
import type { PredictionPowered } from '../../src/domain/agreement/prediction-powered.ts'
import type { Proportion as ProportionShape } from '../../src/domain/agreement/proportion.ts'
import { type CorrectedScore as CorrectedScoreShape, correctScore } from '../../src/engine/judges/corrected-scores.ts'
import {
  type Drift as DriftShape,
  type JudgeReport as JudgeReportShape,
  reportOnJudge,
  type Swaps as SwapsShape,
} from '../../src/engine/judges/judge-report.ts'
import { builder } from '../builder.ts'
import { Interval } from '../comparison/interval.ts'
import { EvaluatorRef, RunRef } from '../refs.ts'
import { optionalRawId } from '../relay/global-id.ts'

export const Proportion = builder.objectRef<ProportionShape>('Proportion').implement({
  description: 'A share of observations.',
  fields: (t) => ({
    value: t.exposeFloat('value', {
      nullable: true,
      description:
        'The share, 0–1, of drawn outputs weighted by the inverse of their probability; null without observations.',
    }),
    interval: t.expose('interval', { type: Interval, nullable: true, description: "Wilson's." }),
    successes: t.exposeInt('successes', { description: 'Observations that count.' }),
    count: t.exposeInt('count', { description: 'All observations.' }),
  }),
})

export const Kappa = builder.objectRef<KappaShape>('Kappa').implement({
  description: "Cohen's κ: agreement of two raters beyond chance.",
  fields: (t) => ({
    value: t.exposeFloat('kappa', {
      nullable: true,
      description: '1: they always agree; 0: as often as by chance. Null when chance alone agrees always.',
    }),
    interval: t.expose('interval', { type: Interval, nullable: true, description: 'Null as for `value`.' }),
  }),
})

export const Alpha = builder.objectRef<AlphaShape>('Alpha').implement({
  description: "Krippendorff's α: agreement of any number of raters beyond chance.",
  fields: (t) => ({
    value: t.exposeFloat('alpha', {
      nullable: true,
      description: '1: no disagreement; 0: as much as by chance. Null without pairs, or when all values are equal.',
    }),
    interval: t.expose('interval', { type: Interval, nullable: true, description: 'By a bootstrap over outputs.' }),
    units: t.exposeInt('units', { description: 'Outputs with at least two verdicts.' }),
  }),
})

const Confusion = builder.objectRef<ConfusionShape>('Confusion').implement({
  description: 'How verdicts of people and of the evaluator came together.',
  fields: (t) => ({
    labels: t.exposeStringList('labels', { description: 'The labels, or the values, in their order.' }),
    counts: t.expose('counts', {
      type: 'JSON',
      description: 'Lists of numbers: for each label of people, how often the evaluator gave each label.',
    }),
  }),
})

const Estimate = builder.objectRef<EstimateShape>('Estimate').implement({
  description: 'An estimate.',
  fields: (t) => ({
    value: t.exposeFloat('value', { description: 'Its value.' }),
    interval: t.expose('interval', { type: Interval, description: 'Where the true value is, with 95 % confidence.' }),
  }),
})

const JudgeTagFigures = builder.objectRef<TagFigures>('JudgeTagFigures').implement({
  description: 'How an evaluator agrees with people on the items of a tag.',
  fields: (t) => ({
    tag: t.exposeString('tag', { description: 'The tag.' }),
    items: t.exposeInt('items', { description: 'Outputs with both verdicts.' }),
    agreement: t.expose('agreement', { type: Proportion, description: 'How often both verdicts are the same.' }),
    bias: t.exposeFloat('bias', { nullable: true, description: 'Mean of evaluator − people; null of labels.' }),
  }),
})

const SwapConsistency = builder.objectRef<SwapsShape>('SwapConsistency').implement({
  description: 'Whether a pairwise judge says the same when the outputs are shown in the other order.',
  fields: (t) => ({
    consistency: t.expose('consistency', { type: Proportion, description: 'How often it does, of all pairs.' }),
    firstPreferred: t.expose('firstPreferred', {
      type: Proportion,
      description: 'Where it does not: how often it preferred what was shown first; without a preference half.',
    }),
  }),
})

const JudgeDrift = builder.objectRef<DriftShape>('JudgeDrift').implement({
  description: 'How a version of an evaluator differs from an earlier one on the same outputs.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'The earlier version.' }),
    agreement: t.expose('agreement', { type: Proportion, description: 'How often both gave an output the same.' }),
    difference: t.expose('difference', {
      type: Estimate,
      nullable: true,
      description: 'Mean of this version − the earlier one; null of labels, and with fewer than two outputs.',
    }),
  }),
})

const JudgeReport = builder.objectRef<JudgeReportShape>('JudgeReport').implement({
  description: 'How far the scores of a version of an evaluator agree with what people say of the same outputs.',
  fields: (t) => ({
    version: t.int({ description: 'The version.', resolve: ({ version }) => version.version }),
    items: t.exposeInt('items', { description: 'Outputs with a verdict of the evaluator and one of people.' }),
    leftOut: t.exposeInt('leftOut', {
      description:
        'Labelled outputs that do not count: a review queue chose them for what they are, or was not the one that counts.',
    }),
    confusion: t.expose('confusion', {
      type: Confusion,
      nullable: true,
      description: 'How the verdicts came together; null for values of more than 20 kinds.',
    }),
    agreement: t.expose('agreement', {
      type: Proportion,
      nullable: true,
      description: 'How often both verdicts are the same; null as for `confusion`.',
    }),
    kappa: t.expose('kappa', {
      type: Kappa,
      nullable: true,
      description: 'Of evaluator and people, of NUMERIC scores with quadratic weights; null as for `confusion`.',
    }),
    truePositiveRate: t.field({
      type: Proportion,
      nullable: true,
      description: 'Of what people call true, how much the evaluator does, too; of BOOLEAN scores.',
      resolve: ({ rates }) => rates?.truePositive ?? null,
    }),
    trueNegativeRate: t.field({
      type: Proportion,
      nullable: true,
      description: 'Of what people call false, how much the evaluator does, too; of BOOLEAN scores.',
      resolve: ({ rates }) => rates?.trueNegative ?? null,
    }),
    alpha: t.expose('alpha', { type: Alpha, description: 'Of all raters: people, and the evaluator as one of them.' }),
    alphaOfPeople: t.expose('alphaOfPeople', {
      type: Alpha,
      description:
        'Of people alone: an evaluator cannot be expected to agree with them more than they with each other.',
    }),
    correlation: t.exposeFloat('correlation', { nullable: true, description: "Pearson's, of values." }),
    bias: t.expose('bias', { type: Estimate, nullable: true, description: 'Mean of evaluator − people, of values.' }),
    lengthSlope: t.expose('lengthSlope', {
      type: Estimate,
      nullable: true,
      description:
        'By how much evaluator − people grows with every 1,000 bytes of an output; 0: length does not mislead it.',
    }),
    swaps: t.expose('swaps', {
      type: SwapConsistency,
      nullable: true,
      description: 'Of a pairwise judge, over its newest runs; null of other evaluators.',
    }),
    byTag: t.expose('byTag', { type: [JudgeTagFigures], description: 'By tags of the items, the 50 most frequent.' }),
    relatedModels: t.exposeStringList('relatedModels', {
      description: "Models of the judge's own family that it has judged, as `provider/model`: it may prefer them.",
    }),
    drift: t.expose('drift', {
      type: JudgeDrift,
      nullable: true,
      description:
        'Beside the newest earlier version that scored the same outputs, as `rescoreRuns` lets it; null: none.',
    }),
  }),
})

const CorrectedMean = builder.objectRef<CorrectedMeanShape>('CorrectedMean').implement({
  description: 'A mean, or a difference of means, corrected by what people say.',
  fields: (t) => ({
    mean: t.exposeFloat('mean', { description: 'The estimate of what people would say of all items.' }),
    interval: t.expose('interval', { type: Interval, description: 'Where that is, with 95 % confidence.' }),
  }),
})

export const PredictionPoweredMean = builder.objectRef<PredictionPowered>('PredictionPoweredMean').implement({
  description: 'A mean by prediction-powered inference (PPI++): its interval holds however bad the evaluator is.',
  fields: (t) => ({
    mean: t.exposeFloat('mean', { description: 'The estimate of what people would say of all items.' }),
    interval: t.expose('interval', { type: Interval, description: 'Where that is, with 95 % confidence.' }),
    lambda: t.exposeFloat('lambda', { description: 'How much the evaluator counts: 0, as if there were none, to 1.' }),
    effectiveLabels: t.exposeFloat('effectiveLabels', {
      description: 'How many labels without an evaluator would give an interval as narrow.',
    }),
  }),
})

const CorrectedScore = builder.objectRef<CorrectedScoreShape>('CorrectedScore').implement({
  description: 'What people would say of all items, from the scores of an evaluator and the labels of some items.',
  fields: (t) => ({
    items: t.exposeInt('items', { description: 'Items with a score of the evaluator.' }),
    labelled: t.exposeInt('labelled', { description: 'Those of them that people labelled.' }),
    leftOut: t.exposeInt('leftOut', {
      description:
        'Labelled executions that do not count: a review queue chose them for what they are, or was not the one that counts.',
    }),
    mean: t.exposeFloat('mean', { nullable: true, description: 'Of the evaluator alone; null without items.' }),
    predictionPowered: t.expose('predictionPowered', {
      type: PredictionPoweredMean,
      nullable: true,
      description:
        'Corrected by the labels, each weighted by the inverse of its probability if a review queue drew it.\nOthers must be of items drawn at random. Null with fewer than two.',
    }),
    roganGladen: t.expose('roganGladen', {
      type: CorrectedMean,
      nullable: true,
      description: 'Of a BOOLEAN score of one run, corrected by the rates of the evaluator; null without them.',
    }),
  }),
})

builder.objectFields(EvaluatorRef, (t) => ({
  report: t.field({
    type: JudgeReport,
    nullable: true,
    description: 'How far it agrees with people; null when there is no such version.',
    args: {
      version: t.arg.int({ description: 'The version; default: the current one.' }),
    },
    resolve: (evaluator, { version }, { services, scope }) =>
      reportOnJudge(services, scope, evaluator, version ?? evaluator.version),
  }),
}))

builder.objectFields(RunRef, (t) => ({
  correctedScore: t.field({
    type: CorrectedScore,
    nullable: true,
    description:
      'What people would say of all items, by the scores of an evaluator; null when there is no such baseline.',
    args: {
      name: t.arg.string({ required: true, description: 'The name of the score.' }),
      baselineId: t.arg.id({ description: 'Subtracts the scores of this run, item by item. Default: no run.' }),
    },
    resolve: (run, { name, baselineId }, { services, scope }) =>
      correctScore(services, scope, run.id, name, optionalRawId('Run', baselineId, ['baselineId'])),
  }),
}))
