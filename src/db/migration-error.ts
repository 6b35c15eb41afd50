/** Why a database cannot be migrated, or why a process can no longer work on it. */
type MigrationErrorCode = 'CHANGED' | 'NEWER' | 'UNFINISHED' | 'FAILED' | 'IN_USE' | 'OUTDATED'

export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
