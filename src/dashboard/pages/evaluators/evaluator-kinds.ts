/** The evaluators that come along, with what one usually sets of each; everything else has its default. */
import type { BuiltinEvaluatorInput } from '../../gql/graphql.ts'

export interface EvaluatorKind {
  value: string
  label: string
  /** What it says. */
  help: string
  fields: readonly ('outputPath' | 'text' | 'pattern' | 'schema' | 'max')[]
  make(fields: EvaluatorFields): BuiltinEvaluatorInput
}

export interface EvaluatorFields {
  outputPath: string
  text: string
  pattern: string
  /** JSON. */
  schema: string
  max: number | string
}

export const emptyFields: EvaluatorFields = { outputPath: '', text: '', pattern: '', schema: '', max: '' }

const path = ({ outputPath }: EvaluatorFields) => outputPath.trim() || null
const limit = ({ max }: EvaluatorFields) => (typeof max === 'number' ? max : 0)

export const evaluatorKinds: readonly EvaluatorKind[] = [
  {
    value: 'exactMatch',
    label: 'Same text',
    help: 'Yes when the output is the expected text.',
    fields: ['outputPath'],
    make: (fields) => ({ exactMatch: { outputPath: path(fields) } }),
  },
  {
    value: 'numeric',
    label: 'Same number',
    help: 'Yes when the last number in the output is the expected one.',
    fields: ['outputPath'],
    make: (fields) => ({ numeric: { outputPath: path(fields) } }),
  },
  {
    value: 'jsonEquals',
    label: 'Same JSON',
    help: 'Yes when the output is the expected JSON, whatever the order of its keys.',
    fields: ['outputPath'],
    make: (fields) => ({ jsonEquals: { outputPath: path(fields) } }),
  },
  {
    value: 'levenshtein',
    label: 'Similar text',
    help: 'How similar output and expected text are, from 0 to 1.',
    fields: ['outputPath'],
    make: (fields) => ({ levenshtein: { outputPath: path(fields) } }),
  },
  {
    value: 'contains',
    label: 'Contains a text',
    help: 'Yes when the output contains the text; without one, the expected output.',
    fields: ['text', 'outputPath'],
    make: (fields) => ({ contains: { text: fields.text || null, outputPath: path(fields) } }),
  },
  {
    value: 'regex',
    label: 'Matches a pattern',
    help: 'Yes when the output matches the RE2 pattern.',
    fields: ['pattern', 'outputPath'],
    make: (fields) => ({ regex: { pattern: fields.pattern, outputPath: path(fields) } }),
  },
  {
    value: 'jsonSchema',
    label: 'Satisfies a JSON Schema',
    help: 'Yes when the output satisfies the schema.',
    fields: ['schema', 'outputPath'],
    make: (fields) => ({ jsonSchema: { schema: JSON.parse(fields.schema), outputPath: path(fields) } }),
  },
  {
    value: 'latency',
    label: 'Fast enough',
    help: 'Yes when the task took at most so many milliseconds.',
    fields: ['max'],
    make: (fields) => ({ latency: { maxMs: limit(fields) } }),
  },
  {
    value: 'cost',
    label: 'Cheap enough',
    help: 'Yes when the call cost at most so many US dollars.',
    fields: ['max'],
    make: (fields) => ({ cost: { maxUsd: limit(fields) } }),
  },
]
