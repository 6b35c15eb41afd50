import type { TaskSpec } from './task.ts'

/** What limits apply to: projects have keys of their own with a provider, so they share no limit. */
export interface EndpointKey {
  readonly projectId: string
  /** See {@link endpointOf}. */
  readonly endpoint: string
}

/**
 * The one place that all calls of a task go to: for an HTTP task the origin of its URL (`http://127.0.0.1:9000`), for a
 * module task `module:<name>`.
 */
export function endpointOf(spec: TaskSpec): string {
  switch (spec.kind) {
    case 'http':
      return URL.parse(spec.url)?.origin ?? spec.url
    case 'module':
      return `module:${spec.name}`
  }
}
