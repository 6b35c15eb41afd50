/** What the form has, what it starts with, and what can be told of it before asking the server. */
import type { HttpMethod } from '../../gql/graphql.ts'
import {
  type DraftProblems,
  draftProblems,
  emptyDraft,
  emptyParameters,
  jsonProblem,
  type ParametersDraft,
  type PromptDraft,
} from '../prompts/editor/prompt-draft.ts'

export interface ExperimentForm {
  name: string
  description: string
  datasetId: string | null
  /** Null: the current one. */
  datasetVersion: string | null
  kind: 'PROMPT' | 'HTTP' | 'FUNCTION'

  /** The name of the provider. */
  provider: string | null
  model: string
  promptFrom: 'OWN' | 'STORED'
  draft: PromptDraft
  promptName: string | null
  /** `version:3`, `label:production`; empty: the newest version when the run starts. */
  promptPin: string
  /** In place of those of a stored prompt, one by one. */
  overrides: ParametersDraft
  stream: boolean
  firstTokenSeconds: number | string
  nextTokenSeconds: number | string

  url: string
  method: HttpMethod
  /** JSON. */
  headers: string
  /** JSON; empty: the default. */
  body: string
  outputPath: string
  costPath: string
  inputTokensPath: string
  outputTokensPath: string

  functionName: string | null

  evaluatorIds: string[]
  repetitions: number | string
  concurrency: number | string
  timeoutSeconds: number | string
  maxAttempts: number | string
  budgetUsd: number | string
  /** Per cent. */
  maxFailurePercent: number | string
  cache: boolean
  sample: number | string
  tags: string[]
  /** Only these items; empty: all. Those of a run that is copied. */
  itemIds: string[]
  /** Id of the run that the new one is compared with; null: the approved baseline. */
  compareWith: string | null
  /** Name of the score whose decision against that run stops the new one; empty: none. */
  stopScore: string
  stopMargin: number | string
  /** As the copied experiment has it. */
  metadata: unknown
}

export function emptyForm(): ExperimentForm {
  return {
    name: '',
    description: '',
    datasetId: null,
    datasetVersion: null,
    kind: 'PROMPT',
    provider: null,
    model: '',
    promptFrom: 'OWN',
    draft: emptyDraft(),
    promptName: null,
    promptPin: '',
    overrides: emptyParameters,
    stream: true,
    firstTokenSeconds: '',
    nextTokenSeconds: '',
    url: '',
    method: 'POST',
    headers: '',
    body: '',
    outputPath: '',
    costPath: '',
    inputTokensPath: '',
    outputTokensPath: '',
    functionName: null,
    evaluatorIds: [],
    repetitions: 1,
    concurrency: 10,
    timeoutSeconds: 60,
    maxAttempts: 3,
    budgetUsd: '',
    maxFailurePercent: '',
    cache: false,
    sample: '',
    tags: [],
    itemIds: [],
    compareWith: null,
    stopScore: '',
    stopMargin: '',
    metadata: null,
  }
}

/** By field of the form, or of its draft as `draft.messages.0`. */
export type FormProblems = Readonly<Record<string, string>>

export function problemsOf(form: ExperimentForm): FormProblems {
  return present({
    name: required(form.name, 'a name'),
    datasetId: form.datasetId === null ? 'Expected a dataset, got none.' : undefined,
    ...taskProblems(form),
  })
}

/** Those of what is tested alone. */
export function taskProblems(form: ExperimentForm): FormProblems {
  switch (form.kind) {
    case 'HTTP':
      return present({
        url: required(form.url, 'a URL such as https://example.com/answer'),
        headers: jsonProblem(form.headers),
        body: jsonProblem(form.body),
      })
    case 'FUNCTION':
      return present({ functionName: form.functionName === null ? 'Expected a function, got none.' : undefined })
    case 'PROMPT':
      return present({
        provider: form.provider === null ? 'Expected a provider, got none.' : undefined,
        model: required(form.model, 'a model'),
        ...promptProblems(form),
      })
  }
}

/** Those of the prompt alone: it can be rendered without a model. */
export function promptProblems({ promptFrom, promptName, draft, overrides }: ExperimentForm): FormProblems {
  if (promptFrom === 'STORED') {
    return present({
      promptName: promptName === null ? 'Expected a prompt, got none.' : undefined,
      'overrides.providerOptions': jsonProblem(overrides.providerOptions),
    })
  }
  return Object.fromEntries(Object.entries(draftProblems(draft)).map(([field, text]) => [`draft.${field}`, text]))
}

/** The problems of a part of the form, under the names that the part has for its fields. */
export function problemsIn(problems: Readonly<Record<string, unknown>>, part: 'draft' | 'overrides'): DraftProblems {
  const prefix = `${part}.`
  return Object.fromEntries(
    Object.entries(problems)
      .filter(([field]) => field.startsWith(prefix))
      .map(([field, text]) => [
        part === 'draft' ? field.slice(prefix.length) : `parameters.${field.slice(prefix.length)}`,
        String(text),
      ]),
  )
}

function required(text: string, what: string): string | undefined {
  return text.trim() === '' ? `Expected ${what}, got nothing.` : undefined
}

function present(found: Record<string, string | undefined>): FormProblems {
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
