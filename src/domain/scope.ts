import { ForbiddenError } from './errors.ts'

export type Role = 'READ' | 'WRITE' | 'ADMIN'

/** The project and role that something is read or written for. Every engine function and every read takes one. */
export interface Scope {
  readonly projectId: string
  readonly role: Role
}

/** @throws {ForbiddenError} when the role may only read. */
export function requireWrite(scope: Scope): void {
  if (scope.role === 'READ') {
    throw new ForbiddenError('This needs the role WRITE or ADMIN; your key has the role READ. Use another key.')
  }
}
