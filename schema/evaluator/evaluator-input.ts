/** The `@oneOf` inputs that define an evaluator; the schema has the default of every option. */

import type { InputFieldBuilder } from '@pothos/core'
import { builder } from '../builder.ts'
import {
  CodeEvaluatorInput,
  CompositeEvaluatorInput,
  HttpEvaluatorInput,
  httpEvaluatorSpec,
  SimilarityEvaluatorInput,
} from './calling-evaluators.ts'
import { JudgeInput, judgeSpec } from './judge.ts'
import { PairwiseInput, pairwiseSpec } from './pairwise.ts'

type Fields = InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>

const outputPath = (t: Fields) =>
  t.string({ description: 'JSONPath of the compared part of the output, e.g. `$.answer`; default: all of it.' })
const expectedPath = (t: Fields) =>
  t.string({ description: 'JSONPath of the compared part of the expected output; default: all of it.' })
const ignoreCase = (t: Fields) =>
  t.boolean({ required: true, defaultValue: false, description: 'Whether to ignore case.' })

const ExactMatchInput = builder.inputType('ExactMatchInput', {
  description: '1 when output and expected output are the same text, else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    ignoreCase: ignoreCase(t),
    normalizeWhitespace: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to trim white space and collapse it to single spaces.',
    }),
  }),
})

const ContainsInput = builder.inputType('ContainsInput', {
  description: '1 when the output contains a text, else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    text: t.string({ description: 'The text; default: the expected output.' }),
    ignoreCase: ignoreCase(t),
  }),
})

const RegexInput = builder.inputType('RegexInput', {
  description: '1 when the output matches a pattern, and its group equals the expected text; else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    pattern: t.string({ required: true, description: 'RE2 pattern: linear time, no look-around or back-references.' }),
    flags: t.string({ required: true, defaultValue: '', description: 'Any of `i`, `m`, `s`.' }),
    group: t.string({ description: 'Name or number of the group that is compared; default: matching is enough.' }),
    expected: t.string({ description: 'The text that the group must equal; default: the expected output.' }),
  }),
})

const NumberOccurrence = builder.enumType('NumberOccurrence', {
  description: 'Which of several numbers in a text to use.',
  values: { FIRST: { description: 'The first.' }, LAST: { description: 'The last.' } },
})

const NumericInput = builder.inputType('NumericInput', {
  description: '1 when the number in the output equals the expected one within a tolerance, else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    absoluteTolerance: t.float({
      required: true,
      defaultValue: 0,
      description: 'Largest difference that counts as equal.',
    }),
    relativeTolerance: t.float({
      required: true,
      defaultValue: 0,
      description: 'Largest difference that counts as equal, as a share of the expected number.',
    }),
    outputPattern: t.string({
      description: 'RE2 pattern of the number in the output, or its first group. Default: anything that is a number.',
    }),
    expectedPattern: t.string({ description: 'The same for the expected output.' }),
    occurrence: t.field({
      type: NumberOccurrence,
      required: true,
      defaultValue: 'LAST',
      description: 'Which of several matches to use.',
    }),
    thousandsSeparator: t.string({
      required: true,
      defaultValue: ',',
      description: "Removed from numbers before they are read: one of , . _ ’ ' and space, or nothing.",
    }),
  }),
})

const JsonEqualsInput = builder.inputType('JsonEqualsInput', {
  description: '1 when output and expected output are the same JSON, else 0. The order of keys never matters.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    ignoreArrayOrder: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to ignore the order of arrays too.',
    }),
  }),
})

const JsonSchemaInput = builder.inputType('JsonSchemaInput', {
  description: '1 when the output satisfies a JSON Schema, else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    schema: t.field({ type: 'JSON', required: true, description: 'The JSON Schema (draft 2020-12 or 07).' }),
  }),
})

const LevenshteinInput = builder.inputType('LevenshteinInput', {
  description: 'Similarity of output and expected output: 1 − edits / length of the longer, 0–1.',
  fields: (t) => ({ outputPath: outputPath(t), expectedPath: expectedPath(t), ignoreCase: ignoreCase(t) }),
})

const LatencyInput = builder.inputType('LatencyInput', {
  description: '1 when the latency of the task is within a limit, else 0.',
  fields: (t) => ({ maxMs: t.float({ required: true, description: 'The limit in milliseconds.' }) }),
})

const CostInput = builder.inputType('CostInput', {
  description: '1 when the cost of the task is within a limit, else 0; no score when the cost is unknown.',
  fields: (t) => ({ maxUsd: t.float({ required: true, description: 'The limit in USD.' }) }),
})

const ToolArgumentsInput = builder.inputType('ToolArgumentsInput', {
  description: 'What the arguments of every call of a tool must satisfy.',
  fields: (t) => ({
    tool: t.string({ required: true, description: 'The name of the tool.' }),
    schema: t.field({ type: 'JSON', required: true, description: 'The JSON Schema (draft 2020-12 or 07).' }),
  }),
})

const TrajectoryInput = builder.inputType('TrajectoryInput', {
  description: '1 when the calls of tools in the trajectory of an output are as they must be, else 0.',
  fields: (t) => ({
    required: t.stringList({ description: 'Names of tools that must be called.' }),
    forbidden: t.stringList({ description: 'Names of tools that must not be called.' }),
    ordered: t.stringList({
      description: 'Names of tools that must be called in this order; others may come between.',
    }),
    arguments: t.field({ type: [ToolArgumentsInput], description: 'What arguments must satisfy.' }),
    minSteps: t.int({ description: 'Answers of the model at least, those that call tools included.' }),
    maxSteps: t.int({ description: 'Answers of the model at most.' }),
  }),
})

const BuiltinEvaluatorInput = builder.inputType('BuiltinEvaluatorInput', {
  description: 'An evaluator that comes with Assay: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    exactMatch: t.field({ type: ExactMatchInput, description: 'Same text.' }),
    contains: t.field({ type: ContainsInput, description: 'Contains a text.' }),
    regex: t.field({ type: RegexInput, description: 'Matches a pattern.' }),
    numeric: t.field({ type: NumericInput, description: 'Same number.' }),
    jsonEquals: t.field({ type: JsonEqualsInput, description: 'Same JSON.' }),
    jsonSchema: t.field({ type: JsonSchemaInput, description: 'Satisfies a JSON Schema.' }),
    levenshtein: t.field({ type: LevenshteinInput, description: 'Similarity of the texts.' }),
    latency: t.field({ type: LatencyInput, description: 'The latency is within a limit.' }),
    cost: t.field({ type: CostInput, description: 'The cost is within a limit.' }),
    trajectory: t.field({ type: TrajectoryInput, description: 'The tools that an agent calls.' }),
  }),
})

const ModuleEvaluatorInput = builder.inputType('ModuleEvaluatorInput', {
  description: 'A function registered in assay.config.ts.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name it is registered under; `modules` lists them.' }),
  }),
})

export const EvaluatorDefinitionInput = builder.inputType('EvaluatorDefinitionInput', {
  description: 'How an evaluator scores: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    builtin: t.field({ type: BuiltinEvaluatorInput, description: 'One that comes with Assay.' }),
    module: t.field({ type: ModuleEvaluatorInput, description: 'A function registered in assay.config.ts.' }),
    judge: t.field({ type: JudgeInput, description: 'A model that scores outputs.' }),
    pairwise: t.field({ type: PairwiseInput, description: 'A model that compares outputs with those of a run.' }),
    code: t.field({ type: CodeEvaluatorInput, description: 'JavaScript that runs in a sandbox.' }),
    http: t.field({ type: HttpEvaluatorInput, description: 'An endpoint.' }),
    composite: t.field({ type: CompositeEvaluatorInput, description: 'One score of several others.' }),
    similarity: t.field({ type: SimilarityEvaluatorInput, description: 'Similarity in meaning, by embeddings.' }),
  }),
})

/** The definition as the engine's input, unchecked. @throws {InvalidInputError} a masked header value was sent back */
export function evaluatorSpec({
  builtin,
  module,
  judge,
  pairwise,
  http,
  ...own
}: typeof EvaluatorDefinitionInput.$inferInput) {
  if (module) return { kind: 'module', module: module.name }
  if (judge) return judgeSpec(judge)
  if (pairwise) return pairwiseSpec(pairwise)
  if (http) return httpEvaluatorSpec(http)
  // @oneOf: there is exactly one member, named after its kind or type.
  const [other] = Object.entries(own).filter(([, options]) => options != null)
  if (other) return { kind: other[0], ...other[1] }
  return Object.entries(builtin ?? {}).map(([type, options]) => ({ kind: 'builtin', type, ...options }))[0]
}
