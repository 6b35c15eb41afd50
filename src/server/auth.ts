/**
 * Who a request is from. As long as there has never been an API key this server is for the people at this machine: it answers
 * on loopback only, and everybody is an administrator of the installation. From the first key on, every request needs one.
 *
 * A revoked key is refused at once, and what is open with it ends within seconds: `Caller.revocation`.
 */
import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import { isGlobalId, rawId } from '../../schema/relay/global-id.ts'
import type { Database } from '../db/client.ts'
import { channels, type Listener } from '../db/listener.ts'
import { findApiKey } from '../db/sql/project/find-api-key.ts'
import { loadKeyState } from '../db/sql/project/load-key-state.ts'
import { ForbiddenError, NotFoundError } from '../domain/errors.ts'
import type { Scope } from '../domain/scope.ts'
import { hashOfKey } from '../engine/projects/api-keys.ts'
import { localPerson } from '../engine/projects/persons.ts'
import { Revocation } from './revocation.ts'

/** How often revocations are polled for, in case a NOTIFY was lost. */
const pollMs = 5_000
const lastUsedEveryMs = 60_000

/** The server would be reachable from other machines without a key. */
export class UnguardedAddressError extends Error {}

/** The caller gave no key where one is needed, or one that is not known. */
export class AuthenticationError extends Error {}

/** What a caller says of itself, in headers or in the parameters of a WebSocket. */
export interface Credentials {
  /** `Bearer <key>`. */
  authorization: string | undefined
  /** Name or global id of the project that is meant; default: that of the key, else `default`. */
  project: string | undefined
}

/** The project is URL-encoded in its header, which holds ASCII only. */
export function credentialsOf({ headers }: IncomingMessage): Credentials {
  const given = headers['x-assay-project']
  return { authorization: headers.authorization, project: given === undefined ? undefined : decoded(String(given)) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** An authenticated caller. */
export interface Caller {
  scope: Scope
  /** Tells callers apart, for limits per caller. */
  client: string
  /** Comes within seconds of the end of the caller's access: whatever is open for it must end then. */
  revocation: Revocation
}

export interface AuthenticatorOptions {
  db: Database
  listener: Listener
  log: Logger
  /** Where the server listens, and where people reach it. */
  hosts: readonly string[]
  /** Whether to need no keys although there are or were some; only on loopback. */
  open?: boolean
}

/**
 * @throws {UnguardedAddressError} when any of the hosts is not this machine, and there is no key, or none is to be needed
 */
export async function openAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const { db, hosts, log, open = false } = options
  const state = await loadKeyState(db.pool)
  const reachable = hosts.find((host) => !isLoopback(host))
  if (reachable !== undefined && open) {
    throw new UnguardedAddressError(
      `Refusing to listen on ${reachable} with --open: anybody who reaches this address could change everything. Leave --open out, or listen on 127.0.0.1.`,
    )
  }
  if (reachable !== undefined && !state.keyed) {
    throw new UnguardedAddressError(
      `Refusing to listen on ${reachable} without authentication: there is no API key, so anybody who reaches this address could change everything. Create a key first (assay keys create <name>), or listen on 127.0.0.1.`,
    )
  }
  if (state.keyed && !state.anyInUse && !open) {
    log.warn(
      'All API keys are revoked, so nobody can use this server. Create one with `assay keys create <name>`, or serve people of this machine without keys with --open.',
    )
  }
  const { id: projectId } = await db.prisma.project.findUniqueOrThrow({ where: { name: 'default' } })
  const person = await db.prisma.person.findFirstOrThrow({ where: { projectId: null, name: localPerson } })
  const everybody: Scope = {
    projectId,
    role: 'ADMIN',
    installation: true,
    person: { id: person.id, name: person.name },
  }
  return new Authenticator(options, everybody, open || !state.keyed)
}

export class Authenticator {
  readonly #db: Database
  readonly #alwaysOpen: boolean
  /** The scope of callers without a key, while the server is open. */
  readonly #everybody: Scope
  #open: boolean
  readonly #closed = new Revocation()
  /** Of every key that was used here, by its id. */
  readonly #revocations = new Map<string, Revocation>()
  readonly #poll: NodeJS.Timeout
  readonly #unsubscribe: () => void

  constructor({ db, listener, open = false }: AuthenticatorOptions, everybody: Scope, isOpen: boolean) {
    this.#db = db
    this.#alwaysOpen = open
    this.#everybody = everybody
    this.#open = isOpen
    const check = () => void this.#check()
    this.#unsubscribe = listener.on(channels.key, check, check)
    this.#poll = setInterval(check, pollMs).unref()
  }

  /** Whether nobody needs a key: the server is reachable from this machine only. */
  get open(): boolean {
    return this.#open
  }

  /**
   * @throws {AuthenticationError} no key, or none that is in use
   * @throws {ForbiddenError} a key of another project than the one that is asked for
   * @throws {NotFoundError} a project that does not exist
   */
  async authenticate({ authorization, project }: Credentials): Promise<Caller> {
    if (authorization === undefined) {
      if (!this.#open)
        throw new AuthenticationError('Expected an API key in the header `Authorization: Bearer <key>`, got none.')
      const scope = await this.#inProject(this.#everybody, project)
      return { scope, client: 'loopback', revocation: this.#closed }
    }
    const text = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    if (!text) throw new AuthenticationError('Expected `Authorization: Bearer <key>`, got something else.')
    // Found by its hash: how long that takes says nothing about other keys.
    const key = await findApiKey(this.#db.pool, hashOfKey(text))
    if (!key) throw new AuthenticationError('This API key is not known here, or was revoked.')
    const now = new Date()
    if (!key.lastUsedAt || now.getTime() - key.lastUsedAt.getTime() > lastUsedEveryMs) {
      await this.#db.prisma.apiKey.updateMany({ where: { id: key.id }, data: { lastUsedAt: now } })
    }
    const { role, person } = key
    const installation = key.projectId === null
    const own: Scope = { projectId: key.projectId ?? this.#everybody.projectId, role, person, installation }
    const scope = await this.#inProject(own, project)
    return { scope, client: key.id, revocation: this.#revocationOf(key.id) }
  }

  /** Stops watching for revocations. Idempotent. */
  stop(): void {
    clearInterval(this.#poll)
    this.#unsubscribe()
  }

  /** The scope in the project that is asked for. */
  async #inProject(scope: Scope, project: string | undefined): Promise<Scope> {
    if (project === undefined) return scope
    const where = isGlobalId('Project', project) ? { id: rawId('Project', project, ['project']) } : { name: project }
    const found = await this.#db.prisma.project.findUnique({ where, select: { id: true } })
    if (found?.id === scope.projectId) return scope
    // Whether another project exists is not for a project's key to know.
    if (!scope.installation)
      throw new ForbiddenError('Your key belongs to one project and is for no other.', ['project'])
    if (!found) throw new NotFoundError(`There is no project ${JSON.stringify(project)}.`, ['project'])
    return { ...scope, projectId: found.id }
  }

  #revocationOf(keyId: string): Revocation {
    const revocation = this.#revocations.get(keyId) ?? new Revocation()
    this.#revocations.set(keyId, revocation)
    return revocation
  }

  async #check(): Promise<void> {
    const ids = [...this.#revocations.keys()]
    // While the database is away there is nothing to protect: nobody gets an answer.
    const state = await loadKeyState(this.#db.pool, ids).catch(() => null)
    if (!state) return
    if (this.#open && state.keyed && !this.#alwaysOpen) {
      this.#open = false
      this.#closed.revoke(new AuthenticationError('This server needs an API key now.'))
    }
    const inUse = new Set(state.inUse)
    for (const id of ids) {
      if (inUse.has(id)) continue
      this.#revocations.get(id)?.revoke(new AuthenticationError('This API key was revoked.'))
      this.#revocations.delete(id)
    }
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
