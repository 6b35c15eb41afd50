/** What goes wrong between a program and its Assay server, or in what the program asked for. */
export class AssayError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The server refused a request. */
export class RefusedError extends AssayError {
  /** An ErrorCode of the API, such as `NOT_FOUND`; `UNKNOWN` for an answer that is not Assay's. */
  readonly code: string
  /** The part of the arguments at fault, e.g. `['input', 'name']`. */
  readonly path: readonly string[] | null

  constructor(message: string, code: string, path: readonly string[] | null = null) {
    super(message)
    this.code = code
    this.path = path
  }
}

/** The server could not be reached, or not for as long as the client waits. */
export class ConnectionError extends AssayError {}

/** The message of any thrown value, or the name of an error without a message. Never throws itself. */
export function messageOf(thrown: unknown): string {
  try {
    if (typeof thrown !== 'object' || thrown === null) return String(thrown)
    const { message, name } = thrown as { message?: unknown; name?: unknown }
    const said = [message, thrown instanceof Error ? name : null].find(
      (text) => typeof text === 'string' && text !== '',
    )
    return typeof said === 'string' ? said : (JSON.stringify(thrown) ?? 'an object')
  } catch {
    return 'an object that cannot be shown'
  }
}
