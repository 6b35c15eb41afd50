/** Evaluators that run users' code, call endpoints and models of embeddings, or combine the scores of others. */
import type {
  CodeEvaluatorSpec,
  CompositeEvaluatorSpec,
  HttpEvaluatorSpec,
  SimilarityEvaluatorSpec,
} from '../../src/domain/evaluation.ts'
import { builder } from '../builder.ts'
import { requireUnmasked, shownHeaders } from '../experiment/http-task.ts'

export const EvaluatorLevel = builder.enumType('EvaluatorLevel', {
  description: 'What an evaluator scores.',
  values: {
    ITEM: { description: 'Each executed item.' },
    RUN: {
      description: 'The run as a whole, from the results of all of its items, when these and their scores are there.',
    },
  },
})

export const CodeEvaluator = builder.objectRef<CodeEvaluatorSpec>('CodeEvaluator').implement({
  description: 'JavaScript that runs in a sandbox.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'It defines a function `evaluate(item)`.' }),
    timeoutMs: t.exposeInt('timeoutMs', { description: 'How long one evaluation may take, in milliseconds.' }),
    level: t.field({ type: EvaluatorLevel, description: 'What it scores.', resolve: ({ level }) => level ?? 'ITEM' }),
  }),
})

export const HttpEvaluator = builder.objectRef<HttpEvaluatorSpec>('HttpEvaluator').implement({
  description: 'An endpoint that gets the item and answers with its score.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'The endpoint.' }),
    headers: t.field({
      type: 'JSON',
      description: 'Headers sent with every call. The values of those that carry credentials are never shown.',
      resolve: ({ headers }) => shownHeaders(headers),
    }),
    resultPath: t.exposeString('resultPath', {
      nullable: true,
      description: 'JSONPath of the result in the answer; null: all of it.',
    }),
  }),
})

const MissingScores = builder.enumType('MissingScores', {
  description: 'How a composite counts a score that an item lacks.',
  values: {
    NULL: { description: 'It gives the item no score itself.' },
    SKIP: { description: 'It goes without it: the mean is that of the others, and in an expression it is null.' },
    ZERO: { description: 'It takes it for 0.' },
  },
})

const CompositePart = builder.objectRef<CompositeEvaluatorSpec['scores'][number]>('CompositePart').implement({
  description: 'A score that a composite is made of.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the score.' }),
    weight: t.exposeFloat('weight', { description: 'Its weight in the mean.' }),
  }),
})

export const CompositeEvaluator = builder.objectRef<CompositeEvaluatorSpec>('CompositeEvaluator').implement({
  description: 'One score of several others of an item.',
  fields: (t) => ({
    scores: t.expose('scores', { type: [CompositePart], description: 'The scores that it is made of.' }),
    expression: t.exposeString('expression', {
      nullable: true,
      description: 'JavaScript over `scores`, an object of numbers by name; null: the weighted mean.',
    }),
    missing: t.expose('missing', { type: MissingScores, description: 'How it counts a score that an item lacks.' }),
  }),
})

export const SimilarityEvaluator = builder.objectRef<SimilarityEvaluatorSpec>('SimilarityEvaluator').implement({
  description: 'Similarity of output and expected output in meaning: the cosine of their embeddings.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'The name of the provider.' }),
    model: t.exposeString('model', { description: 'The model of embeddings, as the provider calls it.' }),
    outputPath: t.exposeString('outputPath', {
      nullable: true,
      description: 'JSONPath of the compared part of the output; null: all of it.',
    }),
    expectedPath: t.exposeString('expectedPath', {
      nullable: true,
      description: 'JSONPath of the compared part of the expected output; null: all of it.',
    }),
  }),
})

export const CodeEvaluatorInput = builder.inputType('CodeEvaluatorInput', {
  description: 'JavaScript that runs in a sandbox.',
  fields: (t) => ({
    code: t.string({
      required: true,
      description:
        'Defines a function `evaluate(item)`. It gets `{input, output, expectedOutput, metadata, latencyMs, costUsd}`\nand returns a number, a boolean, a text, `{value, comment}` or null where it does not apply.',
    }),
    timeoutMs: t.int({
      required: true,
      defaultValue: 1_000,
      description: 'How long one evaluation may take, in milliseconds: 1–10,000.',
    }),
    level: t.field({
      type: EvaluatorLevel,
      required: true,
      defaultValue: 'ITEM',
      description: 'What it scores. With RUN, `evaluate` gets `{run, items}`: docs/evaluators.md says of what.',
    }),
  }),
})

export const HttpEvaluatorInput = builder.inputType('HttpEvaluatorInput', {
  description: 'An endpoint that gets the item by POST, as JSON, and answers with its score.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'The endpoint, http or https.' }),
    headers: t.field({ type: 'JSON', description: 'Headers by name, as an object of strings.' }),
    resultPath: t.string({
      description: 'JSONPath of the result in the answer, e.g. `$.score`; default: all of it.',
    }),
  }),
})

const CompositePartInput = builder.inputType('CompositePartInput', {
  description: 'A score that a composite is made of.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of a score that another evaluator gives.' }),
    weight: t.float({ required: true, defaultValue: 1, description: 'Its weight in the mean, from 0.' }),
  }),
})

export const CompositeEvaluatorInput = builder.inputType('CompositeEvaluatorInput', {
  description: 'One score of several others of an item.',
  fields: (t) => ({
    scores: t.field({ type: [CompositePartInput], required: true, description: 'The scores that it is made of.' }),
    expression: t.string({
      description:
        'JavaScript over `scores`, an object of numbers (or labels) by name, e.g. `scores.correct * scores["on topic"]`.\nDefault: the weighted mean.',
    }),
    missing: t.field({
      type: MissingScores,
      required: true,
      defaultValue: 'NULL',
      description: 'How it counts a score that an item lacks.',
    }),
  }),
})

export const SimilarityEvaluatorInput = builder.inputType('SimilarityEvaluatorInput', {
  description: 'Similarity of output and expected output in meaning: the cosine of their embeddings, −1 to 1.',
  fields: (t) => ({
    provider: t.string({ required: true, description: 'The name of a provider of the project.' }),
    model: t.string({ required: true, description: 'A model of embeddings, as the provider calls it.' }),
    outputPath: t.string({ description: 'JSONPath of the compared part of the output; default: all of it.' }),
    expectedPath: t.string({
      description: 'JSONPath of the compared part of the expected output; default: all of it.',
    }),
  }),
})

/** The endpoint as the engine's input, unchecked. @throws {InvalidInputError} a masked header value was sent back */
export function httpEvaluatorSpec(http: typeof HttpEvaluatorInput.$inferInput) {
  requireUnmasked(http.headers, ['definition', 'http'])
  return { kind: 'http' as const, ...http }
}
