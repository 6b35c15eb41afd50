import type { TaskSpec } from '../execution/task.ts'

/** The unit that limits apply to. Projects use their own provider keys, so they share no limits. */
export interface EndpointKey {
  readonly projectId: string
  /** See {@link endpointOf}. */
  readonly endpoint: string
}

/**
 * The endpoint that all calls of a task go to: the origin of its URL for an HTTP task (`http://127.0.0.1:9000`),
 * `module:<name>` for a module task, `provider:<provider>/<model>` for a prompt, `client:<name>` for a client's function.
 */
export function endpointOf(spec: TaskSpec): string {
  switch (spec.kind) {
    case 'http':
      return URL.parse(spec.url)?.origin ?? spec.url
    case 'module':
      return `module:${spec.name}`
    case 'client':
      return `client:${spec.name}`
    case 'prompt':
      return providerEndpoint(spec.provider, spec.model)
  }
}

/** The endpoint of all calls of a model of a provider, by prompts and by judges. */
export function providerEndpoint(provider: string, model: string): string {
  return `provider:${provider}/${model}`
}
