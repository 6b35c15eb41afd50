import type { ReviewSelection as ReviewSelectionShape } from '../../src/domain/review/selection.ts'
import { builder } from '../builder.ts'

type Of<Kind extends ReviewSelectionShape['kind']> = Extract<ReviewSelectionShape, { kind: Kind }>

export const LabelPriority = builder.enumType('LabelPriority', {
  description: 'What says how much a label of an output would teach.',
  values: {
    DISAGREEMENT: {
      description:
        'How far evaluators disagree (query by committee, Dagan and Engelson 1995).\nOf values the standard deviation, of labels the entropy of the votes in bits.',
    },
    UNCERTAINTY: {
      description:
        'How uncertain one evaluator was (uncertainty sampling, Lewis and Gale 1994).\nThe entropy of `metadata.distribution` in bits, else how near its value is to the middle of the range, 0–1.',
    },
  },
})

const AllOutputs = builder.objectRef<Of<'ALL'>>('AllOutputs').implement({
  description: 'Every output of the run.',
  fields: (t) => ({
    all: t.boolean({ description: 'Always true.', resolve: () => true }),
  }),
})

const SampledOutputs = builder.objectRef<Of<'SAMPLE'>>('SampledOutputs').implement({
  description: 'Items drawn at random, with known probabilities; of several repetitions one.',
  fields: (t) => ({
    size: t.exposeInt('size', { description: 'How many were asked for.' }),
    balance: t.exposeString('balance', {
      nullable: true,
      description: 'As many of each value of this score of an evaluator, as far as there are; null: all alike.',
    }),
  }),
})

const DisagreedOutputs = builder.objectRef<Of<'DISAGREEMENTS'>>('DisagreedOutputs').implement({
  description: 'Outputs that scores disagree about, of evaluators, people and programs; the most first.',
  fields: (t) => ({
    scores: t.exposeStringList('scores', { description: 'Names of the scores.' }),
    tolerance: t.exposeFloat('tolerance', { description: 'By how much values may differ and still agree.' }),
    atMost: t.exposeInt('atMost', { nullable: true, description: 'At most this many; null: all.' }),
  }),
})

const RegressedOutputs = builder.objectRef<Of<'REGRESSIONS'>>('RegressedOutputs').implement({
  description: 'Outputs of items with a worse score than in the baseline, the largest difference first.',
  fields: (t) => ({
    score: t.exposeString('score', { description: 'The name of the score.' }),
    atMost: t.exposeInt('atMost', { nullable: true, description: 'At most this many; null: all.' }),
  }),
})

const InformativeOutputs = builder.objectRef<Of<'INFORMATIVE'>>('InformativeOutputs').implement({
  description:
    'Items drawn with probabilities that grow with what a label is expected to say, half of them alike for all.\nSo labels teach much and still stand for all outputs (active statistical inference, Zrnic and Candès 2024).',
  fields: (t) => ({
    size: t.exposeInt('size', { description: 'How many were asked for.' }),
    score: t.exposeString('score', { description: 'The name of the score that people give.' }),
    by: t.expose('by', { type: LabelPriority, description: 'What says how much a label would teach.' }),
    between: t.exposeStringList('between', {
      description: 'The evaluators that may disagree, by the names of their scores; none: all of the type of `score`.',
    }),
  }),
})

const kinds = {
  ALL: AllOutputs,
  SAMPLE: SampledOutputs,
  DISAGREEMENTS: DisagreedOutputs,
  REGRESSIONS: RegressedOutputs,
  INFORMATIVE: InformativeOutputs,
}

export const ReviewSelection = builder.unionType('ReviewSelection', {
  description: 'Which outputs of a run a review queue has.',
  types: Object.values(kinds),
  resolveType: ({ kind }: ReviewSelectionShape) => kinds[kind],
})

const SampleInput = builder.inputType('SampledOutputsInput', {
  description: 'Items drawn at random; of several repetitions one.',
  fields: (t) => ({
    size: t.int({ required: true, description: 'How many, 1–10,000.' }),
    balance: t.string({
      description: 'As many of each value of this score of an evaluator, as far as there are; default: all alike.',
    }),
  }),
})

const DisagreementsInput = builder.inputType('DisagreedOutputsInput', {
  description: 'Outputs that scores disagree about; the most first.',
  fields: (t) => ({
    scores: t.stringList({
      required: true,
      description:
        'Names, 1–20. Of several: evaluators with each other. Of one: people with each other, and with the evaluator.',
    }),
    tolerance: t.float({ description: 'By how much values may differ and still agree; default 0.' }),
    atMost: t.int({ description: 'At most this many; default: all.' }),
  }),
})

const RegressionsInput = builder.inputType('RegressedOutputsInput', {
  description: 'Outputs of items with a worse score than in the baseline, the largest difference first.',
  fields: (t) => ({
    score: t.string({ required: true, description: 'The name of the score.' }),
    atMost: t.int({ description: 'At most this many; default: all.' }),
  }),
})

const InformativeInput = builder.inputType('InformativeOutputsInput', {
  description: 'Items drawn with probabilities that grow with what a label is expected to say.',
  fields: (t) => ({
    size: t.int({ required: true, description: 'How many, 1–10,000.' }),
    score: t.string({ required: true, description: 'The name of the score that people give.' }),
    by: t.field({ type: LabelPriority, description: 'What says how much it teaches; default: DISAGREEMENT.' }),
    between: t.stringList({
      description:
        'The evaluators that may disagree, by the names of their scores; default: all of the type of `score`.',
    }),
  }),
})

export const ReviewSelectionInput = builder.inputType('ReviewSelectionInput', {
  description: 'Which outputs: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    all: t.boolean({ description: 'true: every output.' }),
    sample: t.field({ type: SampleInput, description: 'Drawn at random.' }),
    disagreements: t.field({ type: DisagreementsInput, description: 'Those that scores disagree about.' }),
    regressions: t.field({ type: RegressionsInput, description: 'Those that are worse than in the baseline.' }),
    informative: t.field({ type: InformativeInput, description: 'Drawn by what a label of them would teach.' }),
  }),
})
