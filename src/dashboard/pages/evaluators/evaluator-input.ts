/** What is made of the form of an evaluator, and what is wrong with it. */
import { rulesOf } from '../../components/score-rules/score-rules.ts'
import type {
  BuiltinEvaluatorInput,
  CreateEvaluatorInput,
  EvaluatorDefinitionInput,
  UpdateEvaluatorInput,
} from '../../gql/graphql.ts'
import { jsonProblem, parametersOf } from '../prompts/editor/prompt-draft.ts'
import { draftedParameters, type EvaluatorDraft, type Scorer } from './evaluator-draft.ts'
import type { OptionField, OptionValue } from './evaluator-kind.ts'
import { labelColumns, rowProblem, variableColumns, weightColumns } from './row-columns.ts'

/** What can be told before asking the server, by field. */
export function evaluatorProblems(scorer: Scorer, { name, options, onlyIf }: EvaluatorDraft): Record<string, string> {
  const found: Record<string, string> = name.trim() === '' ? { name: 'Expected a name, got nothing.' } : {}
  if (onlyIf?.score.trim() === '') found.onlyIf = 'Expected the name of a score, got nothing.'
  return { ...found, ...optionProblems(scorer, options) }
}

export function optionProblems(scorer: Scorer, options: EvaluatorDraft['options']): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { name, type, isRequired, label } of scorer && 'kind' in scorer ? scorer.kind.fields : []) {
    const value = options[name] ?? ''
    if (isRequired && isNothing(value)) found[name] = `Expected ${label.toLowerCase()}, got nothing.`
    const problem = type === 'JSON' ? jsonProblem(String(value)) : rowsProblem(type, value)
    if (problem) found[name] = problem
    const ofProvider = type === 'PARAMETERS' ? jsonProblem(draftedParameters(value).providerOptions) : undefined
    if (ofProvider) found['parameters.providerOptions'] = ofProvider
  }
  return found
}

function rowsProblem(type: OptionField['type'], value: OptionValue): string | undefined {
  if (type === 'VARIABLES') return rowProblem(value as readonly object[], variableColumns)
  if (type === 'WEIGHTS') return rowProblem(value as readonly object[], weightColumns)
  const labels = type === 'SCALE' ? (value as { labels?: readonly object[] }).labels : undefined
  return labels && rowProblem(labels, labelColumns)
}

/** Of a draft without problems. */
export function definitionOf(scorer: Scorer, { options }: EvaluatorDraft): EvaluatorDefinitionInput | null {
  if (scorer === null) return null
  if ('module' in scorer) return { module: { name: scorer.module } }
  const given = scorer.kind.fields.flatMap((field) => {
    const value = options[field.name] ?? ''
    // An empty text is a choice where there are choices, else the default.
    if (isNothing(value) && field.type !== 'CHOICE') return []
    return [[field.name, givenOption(field, value)]]
  })
  const own = { [scorer.kind.member]: Object.fromEntries(given) }
  return scorer.kind.isBuiltin
    ? { builtin: own as unknown as BuiltinEvaluatorInput }
    : (own as unknown as EvaluatorDefinitionInput)
}

function givenOption({ type }: OptionField, value: OptionValue): unknown {
  if (type === 'JSON') return JSON.parse(String(value))
  return type === 'PARAMETERS' ? parametersOf(draftedParameters(value)) : withoutGaps(value)
}

function isNothing(value: OptionValue): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0)
}

/** Without the fields of rows that are left empty: the server has their defaults. */
function withoutGaps(value: OptionValue): OptionValue {
  if (Array.isArray(value)) return value.map(withoutGaps)
  if (typeof value !== 'object' || value === null) return value
  const given = Object.entries(value as Record<string, OptionValue>).filter(([, part]) => part !== '')
  return Object.fromEntries(given.map(([name, part]) => [name, withoutGaps(part)]))
}

export function createInput(scorer: Scorer, draft: EvaluatorDraft): CreateEvaluatorInput {
  return {
    ...common(draft),
    name: draft.name.trim(),
    definition: definitionOf(scorer, draft) ?? {},
    ...rulesInput(scorer, draft),
  } as CreateEvaluatorInput
}

/** @param before as it is stored. What it is made of is sent when it was changed: hidden values of headers cannot be sent back. */
export function updateInput(
  scorer: Scorer,
  draft: EvaluatorDraft,
  before: EvaluatorDraft,
  id: string,
): UpdateEvaluatorInput {
  const isSame = JSON.stringify(draft.options) === JSON.stringify(before.options)
  const definition = isSame ? null : definitionOf(scorer, draft)
  const { failurePolicy, ...rules } = rulesInput(scorer, draft)
  return {
    id,
    name: draft.name.trim(),
    ...common(draft),
    ...(definition ? { definition } : {}),
    ...rules,
    ...(failurePolicy ? { failurePolicy } : {}),
  }
}

function rulesInput(scorer: Scorer, { rules, failurePolicy, direction }: EvaluatorDraft) {
  if (rules) return rulesOf(rules)
  const isOpen = scorer && 'kind' in scorer && scorer.kind.rules === 'DIRECTION'
  return { failurePolicy, ...(isOpen && direction ? { direction } : {}) }
}

function common(draft: EvaluatorDraft) {
  const { description, active, datasetIds, sampling, onlyIf, timeoutMs, maxAttempts } = draft
  return {
    description: description.trim() || null,
    active,
    datasetIds: datasetIds.length > 0 ? datasetIds : null,
    sampling: typeof sampling === 'number' ? sampling / 100 : 1,
    onlyIf: onlyIf && {
      score: onlyIf.score.trim(),
      min: typeof onlyIf.min === 'number' ? onlyIf.min : null,
      max: typeof onlyIf.max === 'number' ? onlyIf.max : null,
      labels: onlyIf.labels.length > 0 ? onlyIf.labels : null,
    },
    ...(typeof timeoutMs === 'number' ? { timeoutMs } : {}),
    ...(typeof maxAttempts === 'number' ? { maxAttempts } : {}),
  }
}

/** The field that a path of the server's refusal is about. */
export function evaluatorFieldOf(path: readonly string[] | null): string {
  const parts = path ?? []
  const parameters = parts.indexOf('parameters')
  if (parameters !== -1) return `parameters.${parts[parameters + 1] ?? 'providerOptions'}`
  const [field = 'name', ...inside] = parts
  // Code has a time limit of its own.
  if (field !== 'definition') return field === 'timeoutMs' ? 'callTimeoutMs' : field
  // builtin.exactMatch.outputPath, judge.messages.0.content
  return inside[inside[0] === 'builtin' ? 2 : 1] ?? 'all'
}
