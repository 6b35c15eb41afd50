/** Why the embedded PostgreSQL cannot run. `message` is one sentence for users: what is wrong and what to do. */
type EmbeddedPostgresErrorCode =
  | 'UNSUPPORTED_PLATFORM'
  | 'NO_ACCOUNT'
  | 'UNWRITABLE'
  | 'FOREIGN_CONTENT'
  | 'WRONG_VERSION'
  | 'DISK_FULL'
  | 'IN_USE'
  | 'START_FAILED'

export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The code of a thrown error, if it has one: from the system (`ENOENT`, `EACCES`) or PostgreSQL (a SQLSTATE). */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
