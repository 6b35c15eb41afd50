/** An evaluator as its form has it, and what is made of it. */
import { rulesDraft, rulesOf, type ScoreRulesDraft } from '../../components/score-rules/score-rules.ts'
import type {
  BuiltinEvaluatorInput,
  CreateEvaluatorInput,
  EvaluatorDefinitionInput,
  EvaluatorFieldsFragment,
  FailurePolicy,
  UpdateEvaluatorInput,
} from '../../gql/graphql.ts'
import { jsonProblem } from '../prompts/editor/prompt-draft.ts'
import { type EvaluatorKind, kindOfType, type OptionField } from './evaluator-kinds.ts'

export type OptionValue = string | number | boolean

export interface EvaluatorDraft {
  name: string
  description: string
  options: Readonly<Record<string, OptionValue>>
  active: boolean
  /** Empty: all. */
  datasetIds: string[]
  /** Per cent. */
  sampling: number | string
  /** How items without a value count; null: the default of the type. */
  failurePolicy: FailurePolicy | null
  /** Of a function: null leaves them to what it declares. */
  rules: ScoreRulesDraft | null
}

/** What scores: a kind that comes along, or a function. Null: one that these pages cannot change. */
export type Scorer = { kind: EvaluatorKind } | { module: string } | null

export function emptyEvaluator(scorer: Scorer): EvaluatorDraft {
  return {
    name: '',
    description: '',
    options: scorer && 'kind' in scorer ? startOf(scorer.kind.fields) : {},
    active: true,
    datasetIds: [],
    sampling: 100,
    failurePolicy: null,
    rules: null,
  }
}

export function draftOfEvaluator(evaluator: EvaluatorFieldsFragment): EvaluatorDraft {
  const scorer = scorerOf(evaluator)
  const { definition } = evaluator
  const options = definition.__typename === 'BuiltinEvaluator' ? (definition.options as Record<string, unknown>) : {}
  const fields = scorer && 'kind' in scorer ? scorer.kind.fields : []
  return {
    name: evaluator.name,
    description: evaluator.description ?? '',
    options: Object.fromEntries(fields.map((field) => [field.name, draftOption(field, options[field.name])])),
    active: evaluator.active,
    datasetIds: evaluator.datasets.map(({ id }) => id),
    sampling: evaluator.sampling * 100,
    failurePolicy: evaluator.failurePolicy,
    rules: scorer && 'kind' in scorer ? null : rulesDraft(evaluator),
  }
}

export function scorerOf({ definition }: EvaluatorFieldsFragment): Scorer {
  if (definition.__typename === 'ModuleEvaluator') return { module: definition.name }
  const kind = definition.__typename === 'BuiltinEvaluator' ? kindOfType(definition.type) : undefined
  return kind ? { kind } : null
}

function startOf(fields: readonly OptionField[]): Record<string, OptionValue> {
  return Object.fromEntries(fields.map(({ name, value = '' }) => [name, value]))
}

function draftOption({ type, value = '' }: OptionField, stored: unknown): OptionValue {
  if (stored === null || stored === undefined) return value
  return type === 'JSON' ? JSON.stringify(stored, null, 2) : (stored as OptionValue)
}

/** What can be told before asking the server, by field. */
export function evaluatorProblems(scorer: Scorer, { name, options }: EvaluatorDraft): Record<string, string> {
  const found: Record<string, string> = name.trim() === '' ? { name: 'Expected a name, got nothing.' } : {}
  return { ...found, ...optionProblems(scorer, options) }
}

export function optionProblems(scorer: Scorer, options: EvaluatorDraft['options']): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { name, type, isRequired, label } of scorer && 'kind' in scorer ? scorer.kind.fields : []) {
    const value = options[name] ?? ''
    if (isRequired && value === '') found[name] = `Expected ${label.toLowerCase()}, got nothing.`
    const problem = type === 'JSON' ? jsonProblem(String(value)) : undefined
    if (problem) found[name] = problem
  }
  return found
}

/** Of a draft without problems. */
export function definitionOf(scorer: Scorer, { options }: EvaluatorDraft): EvaluatorDefinitionInput | null {
  if (scorer === null) return null
  if ('module' in scorer) return { module: { name: scorer.module } }
  const given = scorer.kind.fields.flatMap((field) => {
    const value = options[field.name] ?? ''
    // An empty text is a choice where there are choices, else the default.
    if (value === '' && field.type !== 'CHOICE') return []
    return [[field.name, field.type === 'JSON' ? JSON.parse(String(value)) : value]]
  })
  return { builtin: { [scorer.kind.member]: Object.fromEntries(given) } as unknown as BuiltinEvaluatorInput }
}

export function createInput(scorer: Scorer, draft: EvaluatorDraft): CreateEvaluatorInput {
  return {
    ...common(draft),
    name: draft.name.trim(),
    definition: definitionOf(scorer, draft) ?? {},
    ...(draft.rules ? rulesOf(draft.rules) : { failurePolicy: draft.failurePolicy }),
  } as CreateEvaluatorInput
}

export function updateInput(scorer: Scorer, draft: EvaluatorDraft, id: string): UpdateEvaluatorInput {
  const definition = definitionOf(scorer, draft)
  const { failurePolicy, ...rules } = draft.rules ? rulesOf(draft.rules) : { failurePolicy: draft.failurePolicy }
  return {
    id,
    name: draft.name.trim(),
    ...common(draft),
    ...(definition ? { definition } : {}),
    ...rules,
    ...(failurePolicy ? { failurePolicy } : {}),
  }
}

function common({ description, active, datasetIds, sampling }: EvaluatorDraft) {
  return {
    description: description.trim() || null,
    active,
    datasetIds: datasetIds.length > 0 ? datasetIds : null,
    sampling: typeof sampling === 'number' ? sampling / 100 : 1,
  }
}

/** The field that a path of the server's refusal is about. */
export function evaluatorFieldOf(path: readonly string[] | null): string {
  return path?.includes('sampling') ? 'sampling' : (path?.at(-1) ?? 'name')
}
