/**
 * Authenticates requests, by an API key or by the session that a browser got for one. A server that never had a key
 * listens on loopback only and treats every client as an ADMIN of the installation. From the first key on, every request
 * needs one.
 *
 * A revoked key and an ended session are refused as soon as the server knows of it, after a second at the latest
 * (change-watch.ts); their open requests and sockets end within seconds (`Caller.revocation`).
 */
import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import { isGlobalId, rawId } from '../../schema/relay/global-id.ts'
import type { Database } from '../db/client.ts'
import { channels, type Listener } from '../db/listener.ts'
import { findApiKey } from '../db/sql/project/find-api-key.ts'
import { loadKeyState } from '../db/sql/project/load-key-state.ts'
import { type RunsOfProject, tagFinishedRuns } from '../db/sql/run/tag-finished-runs.ts'
import { findSession } from '../db/sql/session/find-session.ts'
import { touchSession } from '../db/sql/session/write-session.ts'
import type { Clock } from '../domain/clock.ts'
import { ForbiddenError, NotFoundError } from '../domain/errors.ts'
import type { Scope } from '../domain/scope.ts'
import { hashOfSecret } from '../engine/projects/api-keys.ts'
import { localPerson } from '../engine/projects/persons.ts'
import type { Caller, Credentials } from './caller.ts'
import { ChangeWatch } from './change-watch.ts'
import { KeptCallers } from './kept-callers.ts'
import { Revocation } from './revocation.ts'

/** How often revocations are polled for, in case a NOTIFY was lost. */
const pollMs = 5_000
/** All clients without a key. */
const loopback = 'loopback'

/** Listening on this address would expose the server to other machines without authentication. */
export class UnguardedAddressError extends Error {}

/** The request has no key although one is required, or an unknown or revoked one, or a session that has ended. */
export class AuthenticationError extends Error {}

/**
 * Finds the credentials of a request.
 * @param authorization what came elsewhere than in the headers
 * @throws {ForbiddenError} a session is used as no page of this server does
 */
export type ReadCredentials = (request: IncomingMessage, authorization?: string) => Credentials

/** From the headers alone. The project is URL-encoded, because headers are ASCII. */
export function credentialsOfHeaders({ headers }: IncomingMessage): Credentials {
  const project = headers['x-assay-project']
  return { authorization: headers.authorization, project: project === undefined ? undefined : decoded(String(project)) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export interface AuthenticatorOptions {
  db: Database
  listener: Listener
  log: Logger
  /** The address the server listens on, and that of its public URL. */
  hosts: readonly string[]
  /** Accept requests without a key even if keys exist; only on loopback. */
  open?: boolean
  /** Tells how old a caller that was found is; default: the system's. */
  clock?: Clock
}

/**
 * @throws {UnguardedAddressError} a host is not loopback, and there is no key or `open` is set
 */
export async function openAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const { db, hosts, log, open = false } = options
  const state = await loadKeyState(db.pool)
  const reachable = hosts.find((host) => !isLoopback(host))
  if (reachable !== undefined && open) {
    throw new UnguardedAddressError(
      `Refusing to listen on ${reachable} with --open: anyone who reaches this address could change everything. Leave --open out, or listen on 127.0.0.1.`,
    )
  }
  if (reachable !== undefined && !state.keyed) {
    throw new UnguardedAddressError(
      `Refusing to listen on ${reachable} without authentication: there is no API key, so anyone who reaches this address could change everything. Create a key first (assay keys create <name>), or listen on 127.0.0.1.`,
    )
  }
  if (state.keyed && !state.anyInUse && !open) {
    log.warn(
      'All API keys are revoked, so this server has no users. Create one with `assay keys create <name>`, or serve local users without keys with --open.',
    )
  }
  const { id: projectId } = await db.prisma.project.findUniqueOrThrow({ where: { name: 'default' } })
  const person = await db.prisma.person.findFirstOrThrow({ where: { projectId: null, name: localPerson } })
  const anonymous: Scope = {
    projectId,
    role: 'ADMIN',
    installation: true,
    person: { id: person.id, name: person.name },
  }
  return new Authenticator(options, anonymous, open || !state.keyed)
}

export class Authenticator {
  /** Tells until when a caller that was found counts for the next request with the same credentials. */
  readonly changes: ChangeWatch
  readonly #db: Database
  readonly #alwaysOpen: boolean
  /** The scope of clients without a key while the server is open. */
  readonly #anonymous: Scope
  #open: boolean
  readonly #kept: KeptCallers
  readonly #closed = new Revocation()
  /** By id of the key or session, for all that were used in this process. */
  readonly #revocations = new Map<string, Revocation>()
  readonly #poll: NodeJS.Timeout
  readonly #unsubscribe: () => void

  constructor({ db, listener, clock, open = false }: AuthenticatorOptions, anonymous: Scope, isOpen: boolean) {
    this.changes = new ChangeWatch(listener, clock)
    this.#db = db
    this.#alwaysOpen = open
    this.#anonymous = anonymous
    this.#open = isOpen
    this.#kept = new KeptCallers(this.changes)
    const check = () => void this.#check()
    this.#unsubscribe = listener.on(channels.key, check, check)
    this.#poll = setInterval(check, pollMs).unref()
  }

  /** Whether requests need no key; such a server is reachable on loopback only. */
  get open(): boolean {
    return this.#open
  }

  /**
   * @param runs whose tag is read by the same statement, which is made then; default: none
   * @throws {AuthenticationError} no key, an unknown or revoked one, or a session that has ended
   * @throws {ForbiddenError} the key belongs to another project than the requested one
   * @throws {NotFoundError} the requested project does not exist
   */
  authenticate(credentials: Credentials, runs: RunsOfProject | null = null): Promise<Caller> {
    const find = () => this.#find(credentials, runs)
    return runs ? this.#kept.find(credentials, find) : this.#kept.get(credentials, find)
  }

  async #find({ authorization, session, project }: Credentials, runs: RunsOfProject | null): Promise<Caller> {
    if (authorization !== undefined) return this.#withKey(authorization, project, runs)
    const caller = session === undefined ? null : await this.#withSession(session, project, runs)
    if (caller) return caller
    if (!this.#open) {
      throw new AuthenticationError(
        session === undefined
          ? 'Expected an API key in the header `Authorization: Bearer <key>`, got none.'
          : 'Your session has ended. Sign in again.',
      )
    }
    const scope = await this.#inProject(this.#anonymous, project)
    const tag = runs && (await tagFinishedRuns(this.#db.pool, runs))
    return { scope, client: loopback, revocation: this.#closed, apiKeyId: null, session: null, tag }
  }

  async #withKey(authorization: string, project: string | undefined, runs: RunsOfProject | null): Promise<Caller> {
    const text = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    if (!text) throw new AuthenticationError('Expected `Authorization: Bearer <key>`, got something else.')
    // Looked up by hash, so that timing reveals nothing about other keys.
    const key = await findApiKey(this.#db.pool, hashOfSecret(text), runs)
    if (!key) throw new AuthenticationError('This API key is not known here, or was revoked.')
    if (!key.isRecent) {
      await this.#db.prisma.apiKey.updateMany({ where: { id: key.id }, data: { lastUsedAt: new Date() } })
    }
    const { id, role, person, tag } = key
    const installation = key.projectId === null
    const own: Scope = { projectId: key.projectId ?? this.#anonymous.projectId, role, person, installation }
    const scope = await this.#inProject(own, project)
    return { scope, client: id, revocation: this.#revocationOf(id), apiKeyId: id, session: null, tag }
  }

  /** @returns null if the session has ended */
  async #withSession(token: string, project: string | undefined, runs: RunsOfProject | null): Promise<Caller | null> {
    const found = await findSession(this.#db.pool, hashOfSecret(token), runs)
    if (!found || (found.apiKeyId === null && !this.#open)) return null
    const { id, apiKeyId, keyProjectId, role, person, projectId, isRecent, expiresAt, tag } = found
    if (!isRecent) await touchSession(this.#db.pool, id)
    const own: Scope = {
      projectId: keyProjectId ?? projectId ?? this.#anonymous.projectId,
      role: role ?? this.#anonymous.role,
      person,
      installation: keyProjectId === null,
    }
    const scope = await this.#inProject(own, project)
    const session = { id, expiresAt }
    return { scope, client: apiKeyId ?? loopback, revocation: this.#revocationOf(id), apiKeyId, session, tag }
  }

  /** Stops watching for changes. Idempotent. */
  stop(): void {
    clearInterval(this.#poll)
    this.#unsubscribe()
    this.changes.stop()
  }

  /** The scope, moved to the requested project. */
  async #inProject(scope: Scope, project: string | undefined): Promise<Scope> {
    if (project === undefined) return scope
    const where = isGlobalId('Project', project) ? { id: rawId('Project', project, ['project']) } : { name: project }
    const found = await this.#db.prisma.project.findUnique({ where, select: { id: true } })
    if (found?.id === scope.projectId) return scope
    // A project's key must not learn whether another project exists.
    if (!scope.installation)
      throw new ForbiddenError('Your key belongs to one project and is for no other.', ['project'])
    if (!found) throw new NotFoundError(`There is no project ${JSON.stringify(project)}.`, ['project'])
    return { ...scope, projectId: found.id }
  }

  #revocationOf(id: string): Revocation {
    const revocation = this.#revocations.get(id) ?? new Revocation()
    this.#revocations.set(id, revocation)
    return revocation
  }

  async #check(): Promise<void> {
    const ids = [...this.#revocations.keys()]
    // While the database is down requests fail anyway, so there is nothing to protect.
    const state = await loadKeyState(this.#db.pool, ids).catch(() => null)
    if (!state) return
    if (this.#open && state.keyed && !this.#alwaysOpen) {
      this.#open = false
      this.#kept.forget()
      this.#closed.revoke(new AuthenticationError('This server needs an API key now.'))
    }
    const inUse = new Set([...state.inUse, ...(this.#open ? state.withoutKey : [])])
    for (const id of ids) {
      if (inUse.has(id)) continue
      this.#revocations.get(id)?.revoke(new AuthenticationError('This API key was revoked, or the session has ended.'))
      this.#revocations.delete(id)
    }
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
