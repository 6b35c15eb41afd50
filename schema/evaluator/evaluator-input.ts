/** The `@oneOf` inputs that define an evaluator; the schema has the default of every option. */

import type { InputFieldBuilder } from '@pothos/core'
import { builder } from '../builder.ts'

type Fields = InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>

const outputPath = (t: Fields) =>
  t.string({ description: 'JSONPath of what is looked at in the output, e.g. `$.answer`; default: all of it.' })
const expectedPath = (t: Fields) =>
  t.string({ description: 'JSONPath of what it is compared with in the expected output; default: all of it.' })
const ignoreCase = (t: Fields) =>
  t.boolean({ required: true, defaultValue: false, description: 'Upper and lower case are the same.' })

const ExactMatchInput = builder.inputType('ExactMatchInput', {
  description: '1 when output and expected output are the same text, else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    ignoreCase: ignoreCase(t),
    normalizeWhitespace: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Any run of white space is one space, none at the ends.',
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
  description: '1 when the output matches a pattern (and the group it captures is what is expected), else 0.',
  fields: (t) => ({
    outputPath: outputPath(t),
    expectedPath: expectedPath(t),
    pattern: t.string({ required: true, description: 'RE2 pattern: linear time, no look-around or back-references.' }),
    flags: t.string({ required: true, defaultValue: '', description: 'Any of `i`, `m`, `s`.' }),
    group: t.string({ description: 'Name or number of the group that is compared; default: matching is enough.' }),
    expected: t.string({ description: 'What the group is compared with; default: the expected output.' }),
  }),
})

const NumberOccurrence = builder.enumType('NumberOccurrence', {
  description: 'Which of several numbers in a text counts.',
  values: { FIRST: { description: 'The first.' }, LAST: { description: 'The last.' } },
})

const NumericInput = builder.inputType('NumericInput', {
  description: '1 when the number in the output is the expected one within a tolerance, else 0.',
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
      description:
        'RE2 pattern that finds the number in the output; its first group if it has one. Default: anything that reads as a number.',
    }),
    expectedPattern: t.string({ description: 'The same for the expected output.' }),
    occurrence: t.field({
      type: NumberOccurrence,
      required: true,
      defaultValue: 'LAST',
      description: 'Which match counts when there are several.',
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
      description: 'The order of arrays does not matter either.',
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
  description: '1 when the task took at most so long, else 0.',
  fields: (t) => ({ maxMs: t.float({ required: true, description: 'Milliseconds at most.' }) }),
})

const CostInput = builder.inputType('CostInput', {
  description: '1 when the task cost at most so much, else 0; no score when the cost is not known.',
  fields: (t) => ({ maxUsd: t.float({ required: true, description: 'USD at most.' }) }),
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
    levenshtein: t.field({ type: LevenshteinInput, description: 'How similar the texts are.' }),
    latency: t.field({ type: LatencyInput, description: 'Fast enough.' }),
    cost: t.field({ type: CostInput, description: 'Cheap enough.' }),
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
  }),
})

/** The definition as the engine's input, unchecked. */
export function evaluatorSpec({ builtin, module }: typeof EvaluatorDefinitionInput.$inferInput) {
  if (module) return { kind: 'module', module: module.name }
  // @oneOf: there is exactly one member, named after its type.
  return Object.entries(builtin ?? {}).map(([type, options]) => ({ kind: 'builtin', type, ...options }))[0]
}
