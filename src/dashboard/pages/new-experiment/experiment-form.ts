/** What the form has, what it starts with, and what is made of it. */
import type {
  CreateExperimentInput,
  EarlyStopInput,
  ExperimentToCopyFragment,
  HttpMethod,
  RunSubsetInput,
  TaskInput,
} from '../../gql/graphql.ts'

export interface ExperimentForm {
  name: string
  description: string
  datasetId: string | null
  kind: 'HTTP' | 'FUNCTION'
  url: string
  method: HttpMethod
  /** JSON. */
  headers: string
  /** JSON; empty: the default. */
  body: string
  outputPath: string
  costPath: string
  functionName: string | null
  evaluatorIds: string[]
  repetitions: number | string
  concurrency: number | string
  timeoutSeconds: number | string
  maxAttempts: number | string
  budgetUsd: number | string
  /** Per cent. */
  maxFailurePercent: number | string
  sample: number | string
  tags: string[]
  /** Name of the score whose decision against the approved baseline stops the run; empty: none. */
  stopScore: string
  stopMargin: number | string
}

export const emptyForm: ExperimentForm = {
  name: '',
  description: '',
  datasetId: null,
  kind: 'HTTP',
  url: '',
  method: 'POST',
  headers: '',
  body: '',
  outputPath: '',
  costPath: '',
  functionName: null,
  evaluatorIds: [],
  repetitions: 1,
  concurrency: 10,
  timeoutSeconds: 60,
  maxAttempts: 3,
  budgetUsd: '',
  maxFailurePercent: '',
  sample: '',
  tags: [],
  stopScore: '',
  stopMargin: '',
}

/** A form with the configuration of an experiment; its name needs another. */
export function formOf({
  name,
  description,
  dataset,
  task,
  settings,
  evaluators,
}: ExperimentToCopyFragment): ExperimentForm {
  return {
    ...emptyForm,
    name: `${name}, changed`,
    description: description ?? '',
    datasetId: dataset.id,
    ...(task.__typename === 'HttpTask'
      ? {
          kind: 'HTTP' as const,
          url: task.url,
          method: task.method,
          headers: Object.keys(task.headers as object).length > 0 ? JSON.stringify(task.headers, null, 2) : '',
          body: task.body === null ? '' : JSON.stringify(task.body, null, 2),
          outputPath: task.outputPath ?? '',
          costPath: task.costPath ?? '',
        }
      : {}),
    ...(task.__typename === 'ModuleTask' ? { kind: 'FUNCTION' as const, functionName: task.name } : {}),
    evaluatorIds: evaluators?.map(({ id }) => id) ?? [],
    repetitions: settings.repetitions,
    concurrency: settings.concurrency,
    timeoutSeconds: settings.timeoutMs / 1_000,
    maxAttempts: settings.maxAttempts,
    budgetUsd: settings.budgetUsd ?? '',
    maxFailurePercent: settings.maxFailureRate === null ? '' : settings.maxFailureRate * 100,
  }
}

/** The problems that can be told before asking the server, by field. */
export function problemsOf(form: ExperimentForm): Partial<Record<keyof ExperimentForm, string>> {
  const required = (text: string, what: string) => (text.trim() === '' ? `Expected ${what}, got nothing.` : undefined)
  const found = {
    name: required(form.name, 'a name'),
    datasetId: form.datasetId === null ? 'Expected a dataset, got none.' : undefined,
    url: form.kind === 'HTTP' ? required(form.url, 'a URL such as https://example.com/answer') : undefined,
    headers: form.kind === 'HTTP' ? jsonProblem(form.headers) : undefined,
    body: form.kind === 'HTTP' ? jsonProblem(form.body) : undefined,
    functionName: form.kind === 'FUNCTION' && form.functionName === null ? 'Expected a function, got none.' : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined))
}

function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`
  }
}

export function taskOf(form: ExperimentForm): TaskInput {
  if (form.kind === 'FUNCTION') return { module: { name: form.functionName ?? '' } }
  return {
    http: {
      url: form.url.trim(),
      method: form.method,
      headers: jsonOf(form.headers),
      body: jsonOf(form.body),
      outputPath: form.outputPath.trim() || null,
      costPath: form.costPath.trim() || null,
    },
  }
}

export function experimentOf(form: ExperimentForm): CreateExperimentInput {
  return {
    name: form.name.trim(),
    description: form.description.trim() || null,
    datasetId: form.datasetId ?? '',
    task: taskOf(form),
    evaluatorIds: form.evaluatorIds,
    settings: {
      repetitions: numberOf(form.repetitions),
      concurrency: numberOf(form.concurrency),
      timeoutMs: typeof form.timeoutSeconds === 'number' ? Math.round(form.timeoutSeconds * 1_000) : null,
      maxAttempts: numberOf(form.maxAttempts),
      budgetUsd: numberOf(form.budgetUsd),
      maxFailureRate: typeof form.maxFailurePercent === 'number' ? form.maxFailurePercent / 100 : null,
    },
  }
}

/** Null: every item. */
export function subsetOf({ sample, tags }: ExperimentForm): RunSubsetInput | null {
  const count = numberOf(sample)
  return count === null && tags.length === 0 ? null : { sample: count, tags: tags.length > 0 ? tags : null }
}

/** Null: the run goes to its end. */
export function earlyStopOf(
  { stopScore, stopMargin }: ExperimentForm,
  baselineId: string | null,
): EarlyStopInput | null {
  if (stopScore === '' || baselineId === null) return null
  return { baselineId, metric: { score: { name: stopScore } }, margin: numberOf(stopMargin) }
}

/** The field that a path of the server's refusal is about; null for none of them. */
export function fieldOf(path: readonly string[] | null): keyof ExperimentForm | null {
  const names: Record<string, keyof ExperimentForm> = {
    timeoutMs: 'timeoutSeconds',
    maxFailureRate: 'maxFailurePercent',
    module: 'functionName',
    metric: 'stopScore',
    margin: 'stopMargin',
  }
  for (const part of (path ?? []).toReversed()) {
    const field = names[part] ?? (part in emptyForm ? (part as keyof ExperimentForm) : null)
    if (field) return part === 'name' && path?.includes('module') ? 'functionName' : field
  }
  return null
}

function numberOf(value: number | string): number | null {
  return typeof value === 'number' ? value : null
}

function jsonOf(text: string): unknown {
  return text.trim() === '' ? null : JSON.parse(text)
}
