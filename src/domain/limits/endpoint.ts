import type { EvaluatorSpec } from '../evaluation.ts'
import type { EchoTaskSpec, TaskSpec } from '../execution/task.ts'

/** The unit that limits apply to. Projects use their own provider keys, so they share no limits. */
export interface EndpointKey {
  readonly projectId: string
  /** See {@link endpointOf}. */
  readonly endpoint: string
}

/** In place of an endpoint: all calls of a project together, which its quota limits. */
export const allEndpoints = 'project'

/**
 * The endpoint that all calls of a task go to: the origin of its URL for an HTTP task (`http://127.0.0.1:9000`),
 * `module:<name>` for a module task, `provider:<provider>/<model>` for a prompt, `client:<name>` for a client's function.
 * Null for an echo, which calls nothing: nothing limits it.
 */
export function endpointOf(spec: Exclude<TaskSpec, EchoTaskSpec>): string
export function endpointOf(spec: TaskSpec): string | null
export function endpointOf(spec: TaskSpec): string | null {
  switch (spec.kind) {
    case 'http':
      return originOf(spec.url)
    case 'module':
      return `module:${spec.name}`
    case 'client':
      return `client:${spec.name}`
    case 'prompt':
      return providerEndpoint(spec.provider, spec.model)
    case 'echo':
      return null
  }
}

/**
 * The endpoint that all calls of an evaluator go to: `evaluator:<name>` for a function, for models and URLs the one that
 * tasks have, too. Null for one that calls nothing, or is called by clients: nothing limits it.
 */
export function endpointOfEvaluator(spec: EvaluatorSpec): string | null {
  switch (spec.kind) {
    case 'module':
      return `evaluator:${spec.module}`
    case 'judge':
    case 'pairwise':
    case 'similarity':
      return providerEndpoint(spec.provider, spec.model)
    case 'http':
      return originOf(spec.url)
    case 'builtin':
    case 'client':
    case 'code':
    case 'composite':
      return null
  }
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? url
}

/** The endpoint of all calls of a model of a provider, by prompts and by judges. */
export function providerEndpoint(provider: string, model: string): string {
  return `provider:${provider}/${model}`
}
