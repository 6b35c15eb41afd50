/** The server, as the tools ask it. */
import { Assay, type Run } from '../client/index.ts'

/** What can be done wrong by whoever calls a tool. */
export class ToolError extends Error {}

export type Api = Assay

export function openApi(options: ConstructorParameters<typeof Assay>[0]): Api {
  // An agent waits for its answer: a server that is gone is said soon.
  return new Assay({ offlineMs: 3_000, ...options })
}

/** A run by its id, or the newest of a name. @throws {RefusedError} NOT_FOUND */
export function findRun(api: Api, run: string): Promise<Run> {
  return isIdOf('Run', run) ? api.runs.get(run) : api.runs.find(run)
}

/** Whether a text is the global id of something of this type. */
export function isIdOf(type: string, text: string): boolean {
  return /^[\w+/=-]{8,}$/.test(text) && Buffer.from(text, 'base64').toString().startsWith(`${type}:`)
}
