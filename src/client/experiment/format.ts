import type { Evaluation, ItemResult } from './types.ts'

/** The mean of the numeric and boolean values of a score, and how many items have none. */
export interface ScoreAverage {
  name: string
  /** Null when no value is a number. */
  mean: number | null
  count: number
  /** Items without a value, failed ones included. */
  missing: number
}

type AnyItem = Pick<
  ItemResult,
  | 'input'
  | 'expectedOutput'
  | 'output'
  | 'status'
  | 'error'
  | 'evaluations'
  | 'evaluatorErrors'
  | 'repetition'
  | 'traceId'
>

/** As far as it is shown. */
interface FormattedResult {
  experimentName: string
  runName: string
  status: string
  itemResults: readonly AnyItem[]
  runEvaluations: readonly Evaluation[]
  runEvaluatorErrors: readonly { name: string; message: string }[]
  runUrl?: string | undefined
  datasetRunUrl?: string | undefined
}

/** One of each score, in the order in which they appear. */
export function averagesOf(items: readonly Pick<ItemResult, 'evaluations'>[]): ScoreAverage[] {
  const values = new Map<string, (number | null)[]>()
  for (const { evaluations } of items) {
    for (const { name, value } of evaluations) {
      const all = values.get(name) ?? []
      if (value !== null) all.push(typeof value === 'string' ? null : Number(value))
      values.set(name, all)
    }
  }
  return [...values].map(([name, all]) => {
    const numbers = all.filter((value) => value !== null)
    const sum = numbers.reduce((total, value) => total + value, 0)
    const mean = numbers.length > 0 ? sum / numbers.length : null
    return { name, mean, count: all.length, missing: items.length - all.length }
  })
}

/** The result for people; `includeItemResults` adds every item. */
export function formatResult(
  result: FormattedResult,
  { includeItemResults = false }: { includeItemResults?: boolean } = {},
): string {
  const items = result.itemResults
  if (items.length === 0 && result.runEvaluations.length === 0) return 'No results to display.'
  const sections = includeItemResults ? items.map(itemText) : []
  return [...sections, summary(result, items)].join('\n\n')
}

function summary(
  { experimentName, runName, status, runEvaluations, runEvaluatorErrors, runUrl, datasetRunUrl }: FormattedResult,
  items: readonly AnyItem[],
): string {
  const failed = items.filter((item) => item.status === 'FAILED').length
  const cancelled = items.filter((item) => item.status === 'CANCELLED').length
  const counts = [
    count(items.length, 'item'),
    ...(failed ? [`${failed} failed`] : []),
    ...(cancelled ? [`${cancelled} cancelled`] : []),
  ]
  const averages = averagesOf(items)
  const lines = [
    `Experiment: ${experimentName}`,
    `Run: ${runName}${status === 'COMPLETED' ? '' : ` (${status})`}`,
    counts.join(', '),
  ]
  if (items.length === 0) lines.push('No results to display.')
  if (averages.length > 0) {
    lines.push('Evaluations:', ...averages.map(({ name }) => `  • ${name}`))
    lines.push('Average scores:', ...averages.map(averageText))
  }
  if (runEvaluations.length > 0)
    lines.push('Run evaluations:', ...runEvaluations.map((one) => `  • ${evaluationText(one)}`))
  if (runEvaluatorErrors.length > 0) {
    lines.push('Failed run evaluators:', ...runEvaluatorErrors.map(({ name, message }) => `  • ${name}: ${message}`))
  }
  const url = datasetRunUrl ?? runUrl
  if (url) lines.push(`${datasetRunUrl ? 'Dataset run' : 'Run'}: ${url}`)
  return lines.join('\n')
}

function averageText({ name, mean, count: known, missing }: ScoreAverage): string {
  const value = mean === null ? (known === 0 ? '–' : count(known, 'label')) : mean.toFixed(3)
  return `  • ${name}: ${value} (n = ${known}${missing > 0 ? `, ${missing} missing` : ''})`
}

function itemText(item: AnyItem, index: number): string {
  const repetition = item.repetition > 0 ? `, repetition ${item.repetition + 1}` : ''
  const lines = [`${index + 1}. ${item.status}${repetition}`, `   Input: ${show(item.input)}`]
  if (item.expectedOutput !== undefined) lines.push(`   Expected: ${show(item.expectedOutput)}`)
  if (item.status === 'SUCCEEDED') lines.push(`   Actual: ${show(item.output)}`)
  if (item.error) lines.push(`   Error: ${item.error.code}: ${item.error.message}`)
  if (item.evaluations.length > 0)
    lines.push('   Scores:', ...item.evaluations.map((one) => `     • ${evaluationText(one)}`))
  for (const { name, message } of item.evaluatorErrors) lines.push(`     • ${name} failed: ${message}`)
  if (item.traceId) lines.push(`   Trace: ${item.traceId}`)
  return lines.join('\n')
}

function evaluationText({ name, value, comment }: Evaluation): string {
  const shown = typeof value === 'number' ? value.toFixed(3) : String(value)
  return comment ? `${name}: ${shown} (${comment})` : `${name}: ${shown}`
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

function show(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    // Of a run that is not recorded: items may be anything there.
    return String(value)
  }
}
