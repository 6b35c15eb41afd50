import type { TaskSpec } from '../execution/task.ts'

/** The unit that limits apply to. Projects use their own provider keys, so they share no limits. */
export interface EndpointKey {
  readonly projectId: string
  /** See {@link endpointOf}. */
  readonly endpoint: string
}

/**
 * The endpoint that all calls of a task go to: the origin of its URL for an HTTP task (`http://127.0.0.1:9000`),
 * `module:<name>` for a module task, `client:<name>` for a client's.
 */
export function endpointOf(spec: TaskSpec): string {
  switch (spec.kind) {
    case 'http':
      return URL.parse(spec.url)?.origin ?? spec.url
    case 'module':
      return `module:${spec.name}`
    case 'client':
      return `client:${spec.name}`
  }
}
