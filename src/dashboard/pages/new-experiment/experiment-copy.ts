/** A form with the configuration of an experiment, or with what a run of it pinned. */
import type { ExperimentTaskFragment, ExperimentToCopyFragment, RunToCopyFragment } from '../../gql/graphql.ts'
import { draftOf, mergedParameters, parametersDraft } from '../prompts/editor/prompt-draft.ts'
import { type ExperimentForm, emptyForm } from './experiment-form.ts'

export function formOfExperiment(experiment: ExperimentToCopyFragment): ExperimentForm {
  return {
    ...emptyForm(),
    name: changed(experiment.name),
    description: experiment.description ?? '',
    datasetId: experiment.dataset.id,
    metadata: experiment.metadata,
    ...formOfTask(experiment.task),
    evaluatorIds: experiment.evaluators?.map(({ id }) => id) ?? [],
    ...formOfSettings(experiment.settings),
  }
}

/** The new run has the same items, in the same version, and is compared with the one that it is made from. */
export function formOfRun(run: RunToCopyFragment): ExperimentForm {
  const { experiment, dataset, subset } = run
  return {
    ...emptyForm(),
    name: changed(experiment.name),
    description: experiment.description ?? '',
    datasetId: dataset.id,
    datasetVersion: run.datasetVersion === dataset.version ? null : String(run.datasetVersion),
    metadata: experiment.metadata,
    ...formOfTask(run.task),
    evaluatorIds: run.pinned.filter(({ evaluator }) => !evaluator.deletedAt).map(({ evaluator }) => evaluator.id),
    ...formOfSettings(run.settings),
    sample: subset?.sample ?? '',
    tags: subset?.tags ?? [],
    itemIds: subset?.itemIds ?? [],
    compareWith: run.id,
  }
}

function formOfSettings(settings: ExperimentToCopyFragment['settings']): Partial<ExperimentForm> {
  return {
    repetitions: settings.repetitions,
    concurrency: settings.concurrency,
    timeoutSeconds: settings.timeoutMs / 1_000,
    maxAttempts: settings.maxAttempts,
    budgetUsd: settings.budgetUsd ?? '',
    maxFailurePercent: settings.maxFailureRate === null ? '' : settings.maxFailureRate * 100,
    cache: settings.cache,
  }
}

function formOfTask(task: ExperimentTaskFragment): Partial<ExperimentForm> {
  switch (task.__typename) {
    case 'HttpTask':
      return {
        kind: 'HTTP',
        url: task.url,
        method: task.method,
        headers: Object.keys(task.headers as object).length > 0 ? JSON.stringify(task.headers, null, 2) : '',
        body: task.body === null ? '' : JSON.stringify(task.body, null, 2),
        outputPath: task.outputPath ?? '',
        costPath: task.costPath ?? '',
        inputTokensPath: task.inputTokensPath ?? '',
        outputTokensPath: task.outputTokensPath ?? '',
      }
    case 'ModuleTask':
      return { kind: 'FUNCTION', functionName: task.name }
    case 'PromptTask':
      return formOfPrompt(task)
    default:
      return {}
  }
}

function formOfPrompt(task: Extract<ExperimentTaskFragment, { __typename: 'PromptTask' }>): Partial<ExperimentForm> {
  const { provider, model, prompt, stream } = task
  const called: Partial<ExperimentForm> = {
    kind: 'PROMPT',
    provider,
    model,
    stream,
    firstTokenSeconds: seconds(task.firstTokenTimeoutMs),
    nextTokenSeconds: seconds(task.nextTokenTimeoutMs),
  }
  const overrides = parametersDraft(task.parameters)
  if (prompt.name !== null && prompt.prompt) {
    const pin = prompt.label ? `label:${prompt.label}` : prompt.version ? `version:${prompt.version}` : ''
    return { ...called, promptFrom: 'STORED', promptName: prompt.prompt.name, promptPin: pin, overrides }
  }
  if (!prompt.content) return called
  const draft = draftOf(prompt.content)
  return { ...called, draft: { ...draft, parameters: mergedParameters(draft.parameters, overrides) } }
}

function seconds(ms: number | null | undefined): number | '' {
  return ms == null ? '' : ms / 1_000
}

/** Another name: `answer`, `answer, changed`, `answer, changed 2`. */
function changed(name: string): string {
  const found = /^(.*), changed(?: (\d+))?$/s.exec(name)
  return found ? `${found[1]}, changed ${Number(found[2] ?? 1) + 1}` : `${name}, changed`
}
