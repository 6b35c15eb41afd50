/** An evaluator as its form has it. */
import { newScoreRules, rulesDraft, type ScoreRulesDraft } from '../../components/score-rules/score-rules.ts'
import type {
  Direction,
  EvaluatorChoicesQuery,
  EvaluatorFieldsFragment,
  FailurePolicy,
  ParameterPartsFragment,
} from '../../gql/graphql.ts'
import { type ParametersDraft, parametersDraft } from '../prompts/editor/prompt-draft.ts'
import type { EvaluatorKind, OptionField, OptionValue } from './evaluator-kind.ts'
import { kindOfType } from './evaluator-kinds.ts'
import { labelColumns, variableColumns, weightColumns } from './row-columns.ts'

export interface EvaluatorDraft {
  name: string
  description: string
  options: Readonly<Record<string, OptionValue>>
  active: boolean
  /** Empty: all. */
  datasetIds: string[]
  /** Per cent. */
  sampling: number | string
  /** Of other evaluators, which scores an item must have; null: any. */
  onlyIf: ConditionDraft | null
  /** Empty: the default. */
  timeoutMs: number | string
  maxAttempts: number | string
  /** How items without a value count; null: the default of the type. */
  failurePolicy: FailurePolicy | null
  /** Of a function and of what may give anything: null leaves them to what the function or kind declares. */
  rules: ScoreRulesDraft | null
  /** Without rules; null: the default of the kind or template. */
  direction: Direction | null
}

export interface ConditionDraft {
  score: string
  min: number | string
  max: number | string
  labels: string[]
}

export const emptyCondition: ConditionDraft = { score: '', min: '', max: '', labels: [] }

/** What scores: a kind, or a function. Null: one that these pages cannot change. */
export type Scorer = { kind: EvaluatorKind } | { module: string } | null

/** A judge to begin with. */
export type Template = EvaluatorChoicesQuery['judgeTemplates'][number]

/** @param template what a judge begins as a copy of */
export function emptyEvaluator(scorer: Scorer, template?: Template): EvaluatorDraft {
  const own = scorer && 'kind' in scorer ? startOf(scorer.kind.fields) : {}
  return {
    name: template?.name ?? '',
    description: template?.description ?? '',
    options: template ? { ...own, ...optionsOfJudge(template), template: template.name } : own,
    active: true,
    datasetIds: [],
    sampling: 100,
    onlyIf: null,
    timeoutMs: '',
    maxAttempts: '',
    failurePolicy: null,
    rules: startingRules(scorer),
    direction: null,
  }
}

export function draftOfEvaluator(evaluator: EvaluatorFieldsFragment): EvaluatorDraft {
  const scorer = scorerOf(evaluator)
  const { definition } = evaluator
  const options = optionsOf(definition)
  const fields = scorer && 'kind' in scorer ? scorer.kind.fields : []
  return {
    name: evaluator.name,
    description: evaluator.description ?? '',
    options: Object.fromEntries(fields.map((field) => [field.name, draftOption(field, options[field.name])])),
    active: evaluator.active,
    datasetIds: evaluator.datasets.map(({ id }) => id),
    sampling: evaluator.sampling * 100,
    onlyIf: conditionDraft(evaluator.onlyIf),
    timeoutMs: evaluator.timeoutMs,
    maxAttempts: evaluator.maxAttempts,
    failurePolicy: evaluator.failurePolicy,
    rules: scorer && 'kind' in scorer && startingRules(scorer) === null ? null : rulesDraft(evaluator),
    direction: evaluator.direction,
  }
}

export function scorerOf({ definition }: EvaluatorFieldsFragment): Scorer {
  if (definition.__typename === 'ModuleEvaluator') return { module: definition.name }
  const kind = kindOfType(definition.__typename === 'BuiltinEvaluator' ? definition.type : definition.__typename)
  return kind ? { kind } : null
}

function startingRules(scorer: Scorer): ScoreRulesDraft | null {
  const rules = scorer && 'kind' in scorer ? scorer.kind.rules : undefined
  return typeof rules === 'object' ? { ...newScoreRules, dataType: rules.all } : null
}

function startOf(fields: readonly OptionField[]): Record<string, OptionValue> {
  return Object.fromEntries(fields.map(({ name, value = '' }) => [name, value]))
}

function draftOption({ type, value = '' }: OptionField, stored: unknown): OptionValue {
  if (stored === null || stored === undefined) return value
  if (type === 'PARAMETERS') return parametersDraft(stored as ParameterPartsFragment) as unknown as OptionValue
  return type === 'JSON' ? JSON.stringify(stored, null, 2) : (stored as OptionValue)
}

function conditionDraft(condition: EvaluatorFieldsFragment['onlyIf']): ConditionDraft | null {
  if (!condition) return null
  const { score, min, max, labels } = condition
  return { score, min: min ?? '', max: max ?? '', labels: labels ?? [] }
}

/** The options of a stored definition, named as in its input. */
function optionsOf(definition: EvaluatorFieldsFragment['definition']): Record<string, unknown> {
  if (definition.__typename === 'BuiltinEvaluator') return definition.options as Record<string, unknown>
  if (definition.__typename === 'JudgeEvaluator') return { ...definition, ...optionsOfJudge(definition) }
  if (definition.__typename === 'PairwiseEvaluator') return { ...definition, ...optionsOfPairwise(definition) }
  if (definition.__typename !== 'CompositeEvaluator') return { ...definition }
  return { ...definition, scores: rowsOf(definition.scores, weightColumns) }
}

/** What a judge and its template have in common. */
function optionsOfJudge(judge: Omit<Template, 'name' | 'description' | 'direction'>): Record<string, OptionValue> {
  const { messages, variables, scale } = judge
  return {
    ...optionsOfAsked({ messages, variables }),
    scale: scale.labels
      ? { labels: rowsOf(scale.labels, labelColumns) }
      : { range: { min: scale.min ?? 0, max: scale.max ?? 1 } },
  }
}

/** The two outputs have names of their own, which nobody sets. */
function optionsOfPairwise({ messages, variables }: Pick<Template, 'messages' | 'variables'>) {
  return optionsOfAsked({ messages, variables: variables.filter(({ name }) => !['first', 'second'].includes(name)) })
}

function optionsOfAsked({ messages, variables }: Pick<Template, 'messages' | 'variables'>) {
  return {
    messages: messages.map(({ role, content }) => ({ role, content })),
    variables: rowsOf(variables, variableColumns),
  }
}

function rowsOf(rows: readonly object[], columns: readonly { name: string }[]): Record<string, OptionValue>[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name }) => [name, (Reflect.get(row, name) as OptionValue | undefined) ?? ''])),
  )
}

export function draftedParameters(value: OptionValue): ParametersDraft {
  return value as unknown as ParametersDraft
}
