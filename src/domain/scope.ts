import { ForbiddenError } from './errors.ts'

export type Role = 'READ' | 'WRITE' | 'ADMIN'

/** The project and role that something is read or written for. Every engine function and every read takes one. */
export interface Scope {
  readonly projectId: string
  readonly role: Role
  /** The author of what is written. */
  readonly person: { readonly id: string; readonly name: string }
  /** Whether the role holds in every project, and for the installation itself. */
  readonly installation: boolean
}

/** The part of a scope that reads need. */
export type ProjectScope = Pick<Scope, 'projectId'>

/** @throws {ForbiddenError} when the role may only read. */
export function requireWrite(scope: Scope): void {
  if (scope.role === 'READ') {
    throw new ForbiddenError('This needs the role WRITE or ADMIN; your key has the role READ. Use another key.')
  }
}

/** @throws {ForbiddenError} when the role may not manage keys. */
export function requireAdmin(scope: Scope): void {
  if (scope.role !== 'ADMIN') {
    throw new ForbiddenError(`This needs the role ADMIN; your key has the role ${scope.role}. Use another key.`)
  }
}

/** @throws {ForbiddenError} when the key belongs to one project. */
export function requireInstallation(scope: Scope): void {
  if (!scope.installation) {
    throw new ForbiddenError(
      'This needs a key of the installation; yours belongs to one project. Make one on the server’s machine: assay keys create <name> --installation.',
    )
  }
}
