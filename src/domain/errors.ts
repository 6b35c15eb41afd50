import { inspect } from 'node:util'

const userErrorCodes = ['INVALID_INPUT', 'NOT_FOUND', 'CONFLICT', 'FORBIDDEN', 'LIMIT', 'CURSOR_EXPIRED'] as const

/** Every code of an error of the API, over all transports. */
export const errorCodes = [
  ...userErrorCodes,
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'UNAUTHENTICATED',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'UNSUPPORTED_MEDIA_TYPE',
  'INTERNAL_SERVER_ERROR',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/**
 * A mistake of the caller. Only these reach users with their message intact; any other error is a bug and is masked at
 * the edge.
 */
export abstract class UserError extends Error {
  abstract readonly code: (typeof userErrorCodes)[number]
  /** The part of the input at fault, e.g. `['task', 'http', 'url']`. */
  readonly path: string[] | null

  constructor(message: string, path: string[] | null = null) {
    super(message)
    this.name = new.target.name
    this.path = path
  }
}

/** Invalid input; the message says what was expected and what was passed. */
export class InvalidInputError extends UserError {
  readonly code = 'INVALID_INPUT'
}

/** The caller's project has nothing with that id or name. */
export class NotFoundError extends UserError {
  readonly code = 'NOT_FOUND'
}

/** The input is valid but conflicts with the current state. */
export class ConflictError extends UserError {
  readonly code = 'CONFLICT'
}

/** The caller's role does not allow it. */
export class ForbiddenError extends UserError {
  readonly code = 'FORBIDDEN'
}

/** The request exceeds a limit. */
export class LimitError extends UserError {
  readonly code = 'LIMIT'
}

/** The cursor is from before the database was restored or copied, or too old; the feed cannot continue after it. */
export class CursorExpiredError extends UserError {
  readonly code = 'CURSOR_EXPIRED'

  constructor() {
    super(
      'Expected a cursor of this database, got one from before it was restored or copied, or one that is too old: what changed after it is not known. Drop what you have and start over: read again what you show, and subscribe without `after`.',
      ['after'],
    )
  }
}

/** The message of any thrown value, or the name of an error without a message. */
export function messageOf(thrown: unknown): string {
  // JavaScript lets a message be anything.
  if (thrown instanceof Error) return thrown.message ? shown(thrown.message) : thrown.name
  return shown(thrown)
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? inspect(value, { depth: 3, breakLength: Infinity })
    : String(value)
}

/** The code of a thrown error, if it has one: from the system (`ENOENT`), PostgreSQL (a SQLSTATE) or a library. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}
