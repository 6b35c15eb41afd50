/** What is made of the form: the inputs of mutations, and the fields that their refusals are about. */
import type {
  CreateExperimentInput,
  EarlyStopInput,
  PromptReferenceInput,
  RunSubsetInput,
  StartRunInput,
  TaskInput,
} from '../../gql/graphql.ts'
import { contentOf, draftFieldOf, parametersOf } from '../prompts/editor/prompt-draft.ts'
import { type ExperimentForm, promptProblems } from './experiment-form.ts'

/** Of a form whose task has no problems. */
export function taskOf(form: ExperimentForm): TaskInput {
  switch (form.kind) {
    case 'FUNCTION':
      return { module: { name: form.functionName ?? '' } }
    case 'HTTP':
      return {
        http: {
          url: form.url.trim(),
          method: form.method,
          headers: jsonOf(form.headers),
          body: jsonOf(form.body),
          outputPath: form.outputPath.trim() || null,
          costPath: form.costPath.trim() || null,
          inputTokensPath: form.inputTokensPath.trim() || null,
          outputTokensPath: form.outputTokensPath.trim() || null,
        },
      }
    case 'PROMPT':
      return {
        prompt: {
          provider: form.provider ?? '',
          model: form.model.trim(),
          prompt: referenceOf(form),
          parameters: form.promptFrom === 'STORED' ? parametersOf(form.overrides) : null,
          stream: form.stream,
          firstTokenTimeoutMs: form.stream ? msOf(form.firstTokenSeconds) : null,
          nextTokenTimeoutMs: form.stream ? msOf(form.nextTokenSeconds) : null,
        },
      }
  }
}

/** The prompt, or null while it has problems. */
export function promptOf(form: ExperimentForm): PromptReferenceInput | null {
  return Object.keys(promptProblems(form)).length > 0 ? null : referenceOf(form)
}

function referenceOf({ promptFrom, draft, promptName, promptPin }: ExperimentForm): PromptReferenceInput {
  if (promptFrom === 'OWN') return { content: contentOf(draft) }
  const [by, value = ''] = promptPin.split(/:(.*)/)
  return {
    prompt: {
      name: promptName ?? '',
      version: by === 'version' ? Number(value) : null,
      label: by === 'label' ? value : null,
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
    metadata: form.metadata,
    settings: {
      repetitions: numberOf(form.repetitions),
      concurrency: numberOf(form.concurrency),
      timeoutMs: msOf(form.timeoutSeconds),
      maxAttempts: numberOf(form.maxAttempts),
      budgetUsd: numberOf(form.budgetUsd),
      maxFailureRate: typeof form.maxFailurePercent === 'number' ? form.maxFailurePercent / 100 : null,
      cache: form.cache,
    },
  }
}

/** @param baselineId the run that early stopping compares with */
export function runOf(form: ExperimentForm, experimentId: string, baselineId: string | null): StartRunInput {
  return {
    experimentId,
    datasetVersion: form.datasetVersion === null ? null : Number(form.datasetVersion),
    subset: subsetOf(form),
    earlyStop: earlyStopOf(form, baselineId),
  }
}

/** Null: every item. */
function subsetOf({ sample, tags, itemIds }: ExperimentForm): RunSubsetInput | null {
  const count = numberOf(sample)
  if (count === null && tags.length === 0 && itemIds.length === 0) return null
  return { sample: count, tags: tags.length > 0 ? tags : null, itemIds: itemIds.length > 0 ? itemIds : null }
}

/** Null: the run goes to its end. */
function earlyStopOf({ stopScore, stopMargin }: ExperimentForm, baselineId: string | null): EarlyStopInput | null {
  if (stopScore === '' || baselineId === null) return null
  return { baselineId, metric: { score: { name: stopScore } }, margin: numberOf(stopMargin) }
}

const renamed: Record<string, string> = {
  timeoutMs: 'timeoutSeconds',
  firstTokenTimeoutMs: 'firstTokenSeconds',
  nextTokenTimeoutMs: 'nextTokenSeconds',
  maxFailureRate: 'maxFailurePercent',
  metric: 'stopScore',
  margin: 'stopMargin',
  label: 'promptPin',
  version: 'promptPin',
}

/** The field that a path of the server's refusal is about, as problems of the form name it; null for none of them. */
export function fieldOf(path: readonly string[] | null, form: ExperimentForm): string | null {
  const parts = path ?? []
  if (parts.includes('module')) return 'functionName'
  const at = parts.indexOf('parameters')
  if (form.kind === 'PROMPT' && form.promptFrom === 'OWN' && parts.includes('content')) {
    const field = draftFieldOf(parts, form.draft)
    return field && `draft.${field}`
  }
  if (at !== -1) return `overrides.${parts[at + 1] ?? 'providerOptions'}`
  if (parts.filter((part) => part === 'prompt').length > 1 && parts.at(-1) === 'name') return 'promptName'
  for (const part of parts.toReversed()) {
    const field = renamed[part] ?? part
    if (field in form) return field
  }
  return null
}

function numberOf(value: number | string): number | null {
  return typeof value === 'number' ? value : null
}

function msOf(seconds: number | string): number | null {
  return typeof seconds === 'number' ? Math.round(seconds * 1_000) : null
}

function jsonOf(text: string): unknown {
  return text.trim() === '' ? null : JSON.parse(text)
}
