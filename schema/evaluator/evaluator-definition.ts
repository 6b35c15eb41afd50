import type {
  BuiltinEvaluatorSpec,
  ClientEvaluatorSpec,
  EvaluatorSpec,
  ModuleEvaluatorSpec,
} from '../../src/domain/evaluation.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { builder } from '../builder.ts'
import {
  CodeEvaluator,
  CompositeEvaluator,
  EvaluatorLevel,
  HttpEvaluator,
  SimilarityEvaluator,
} from './calling-evaluators.ts'
import { JudgeEvaluator } from './judge.ts'
import { PairwiseEvaluator } from './pairwise.ts'

export const BuiltinEvaluatorType = builder.enumType('BuiltinEvaluatorType', {
  description: 'The evaluators that come with Assay.',
  values: {
    EXACT_MATCH: { value: 'exactMatch', description: 'Output and expected output are the same text.' },
    CONTAINS: { value: 'contains', description: 'The output contains a text.' },
    REGEX: { value: 'regex', description: 'The output matches a pattern.' },
    NUMERIC: { value: 'numeric', description: 'The number in the output is the expected one.' },
    JSON_EQUALS: { value: 'jsonEquals', description: 'Output and expected output are the same JSON.' },
    JSON_SCHEMA: { value: 'jsonSchema', description: 'The output satisfies a JSON Schema.' },
    LEVENSHTEIN: { value: 'levenshtein', description: 'Similarity of output and expected output, 0–1.' },
    LATENCY: { value: 'latency', description: 'The latency of the task is within a limit.' },
    COST: { value: 'cost', description: 'The cost of the task is within a limit.' },
    TRAJECTORY: { value: 'trajectory', description: 'An agent called the tools that it had to.' },
  } as const,
})

const BuiltinEvaluator = builder.objectRef<BuiltinEvaluatorSpec>('BuiltinEvaluator').implement({
  description: 'An evaluator that comes with Assay.',
  fields: (t) => ({
    type: t.expose('type', { type: BuiltinEvaluatorType, description: 'Which evaluator.' }),
    options: t.field({
      type: 'JSON',
      description: 'Its options, named as in its input.',
      resolve: ({ kind: _kind, type: _type, ...options }) => options as Json,
    }),
  }),
})

const ModuleEvaluator = builder.objectRef<ModuleEvaluatorSpec>('ModuleEvaluator').implement({
  description: 'A function registered in assay.config.ts.',
  fields: (t) => ({
    name: t.exposeString('module', { description: 'The name it is registered under; `modules` lists them.' }),
    level: t.field({
      type: EvaluatorLevel,
      description: 'What it scores, as the function declares.',
      resolve: ({ level }) => level ?? 'ITEM',
    }),
  }),
})

const ClientEvaluator = builder.objectRef<ClientEvaluatorSpec>('ClientEvaluator').implement({
  description: 'A function that clients execute, with the task. Its scores come with the results that they record.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of its score.' }),
    version: t.exposeString('version', {
      nullable: true,
      description: 'Identifies its code, as the client said: for example a hash of it.',
    }),
  }),
})

const types = {
  builtin: BuiltinEvaluator,
  module: ModuleEvaluator,
  client: ClientEvaluator,
  judge: JudgeEvaluator,
  pairwise: PairwiseEvaluator,
  code: CodeEvaluator,
  http: HttpEvaluator,
  composite: CompositeEvaluator,
  similarity: SimilarityEvaluator,
}

export const EvaluatorDefinition = builder.unionType('EvaluatorDefinition', {
  description: 'How an evaluator scores.',
  types: Object.values(types),
  resolveType: ({ kind }: EvaluatorSpec) => types[kind],
})
