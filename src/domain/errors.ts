/**
 * What a caller did wrong, as data. Everything that reaches a user with its message intact is one of these;
 * any other error is a defect and is masked at the edge.
 */
export abstract class UserError extends Error {
  abstract readonly code: 'INVALID_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'FORBIDDEN' | 'LIMIT' | 'CURSOR_EXPIRED'
  /** Where in the input the trouble is, e.g. `['task', 'http', 'url']`. */
  readonly path: string[] | null

  constructor(message: string, path: string[] | null = null) {
    super(message)
    this.name = new.target.name
    this.path = path
  }
}

/** The input cannot be used; the message says what was expected and what came. */
export class InvalidInputError extends UserError {
  readonly code = 'INVALID_INPUT'
}

/** Nothing of that id or name is in the caller's project. */
export class NotFoundError extends UserError {
  readonly code = 'NOT_FOUND'
}

/** The input is fine, but not with what is already there. */
export class ConflictError extends UserError {
  readonly code = 'CONFLICT'
}

/** The caller's role does not allow it. */
export class ForbiddenError extends UserError {
  readonly code = 'FORBIDDEN'
}

/** More was asked for than one request may have. */
export class LimitError extends UserError {
  readonly code = 'LIMIT'
}

/** The feed cannot go on after this cursor: the database is not, or no longer, the one that gave it. */
export class CursorExpiredError extends UserError {
  readonly code = 'CURSOR_EXPIRED'

  constructor() {
    super(
      'The database was restored or copied since this cursor was given, so what changed after it is not known. Drop what you have and start over: read again what you show, and subscribe without `after`.',
      ['after'],
    )
  }
}

/** What anything thrown says; of an error without a message, its name. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown)
}

/** The code of a thrown error, if it has one: of the system (`ENOENT`), of PostgreSQL (a SQLSTATE), of a library. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}
