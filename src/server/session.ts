/**
 * `/session`: who a browser is. GET says it; POST `{key}` signs in, on a server that needs no key `{person}` names who is
 * there; PATCH `{project}` chooses the project; DELETE signs out. Each but DELETE responds with a `SessionState`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Database } from '../db/client.ts'
import { InvalidInputError } from '../domain/errors.ts'
import { parseInput } from '../domain/parse-input.ts'
import type { Role } from '../domain/scope.ts'
import { localPerson } from '../engine/projects/persons.ts'
import { chooseProject, createSession, endSession } from '../engine/projects/sessions.ts'
import { AuthenticationError, type Authenticator, type ReadCredentials } from './auth.ts'
import type { Caller } from './caller.ts'
import type { ChangeWatch } from './change-watch.ts'
import { readBody } from './request-body.ts'
import { respondJson } from './respond.ts'
import type { SessionCookies } from './session-cookie.ts'

const maxBodyBytes = 16 * 1024

const project = z.string().nullish()
const signInByKey = z.strictObject({ key: z.string().min(1).max(1_000), project })
const signInByName = z.strictObject({ person: z.string().default(localPerson), project })
const choice = z.strictObject({ project: z.string() })

/** What a page needs to know before its first query. */
interface SessionState {
  /** Whether requests need a key or a session. */
  keyRequired: boolean
  /** Null when a key is required and there is no session. */
  viewer: {
    person: { id: string; name: string }
    role: Role
    /** Whether the role is valid in every project, one of which is chosen. */
    installation: boolean
    project: { id: string; name: string }
  } | null
  /** Null without a session; its `key` is null on a server that needs none. */
  session: { key: { name: string; prefix: string } | null; expiresAt: string } | null
}

interface SessionOptions {
  db: Database
  /** Is told of changes of sessions. */
  changes: ChangeWatch
  authenticator: Authenticator
  cookies: SessionCookies
  credentialsOf: ReadCredentials
}

export const sessionMethods = ['GET', 'POST', 'PATCH', 'DELETE'] as const

/** @throws {AuthenticationError} an unknown key, or no session to change */
export function createSessionHandler({ db, changes, authenticator, cookies, credentialsOf }: SessionOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('cache-control', 'no-store')
    switch (request.method) {
      case 'POST':
        return respondJson(response, 201, await signIn(request, response))
      case 'PATCH':
        return respondJson(response, 200, await choose(request))
      case 'DELETE':
        return signOut(request, response)
      default:
        return respondJson(response, 200, await stateOf(await callerOf(request)))
    }
  }

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<SessionState> {
    cookies.expectOwnPage(request)
    const before = cookies.read(request)
    const body = await readJson(request)
    const byKey = authenticator.open && !('key' in body) ? null : parseInput(signInByKey, body, [])
    const byName = byKey ? null : parseInput(signInByName, body, [])
    const chosen = (byKey ?? byName)?.project ?? undefined
    const authorization = byKey ? `Bearer ${byKey.key}` : undefined
    const { scope, apiKeyId } = await authenticator.authenticate({ authorization, project: chosen })
    const owner = apiKeyId ? { apiKeyId } : { person: byName?.person ?? localPerson }
    const projectId = chosen === undefined ? null : scope.projectId
    const token = await changes.during(() => createSession(db, scope, owner, projectId))
    cookies.set(request, response, token)
    if (before !== undefined) await changes.during(() => endSession(db, before))
    return stateOf(await authenticator.authenticate({ authorization: undefined, session: token, project: undefined }))
  }

  async function choose(request: IncomingMessage): Promise<SessionState> {
    cookies.expectOwnPage(request)
    const token = cookies.read(request)
    const { project } = parseInput(choice, await readJson(request), [])
    const caller = await authenticator.authenticate({ authorization: undefined, session: token, project })
    if (!caller.session) {
      throw new AuthenticationError('Expected a session, got none: sign in, or name who you are, with POST /session.')
    }
    const { session, scope } = caller
    await changes.during(() => chooseProject(db, session.id, scope.projectId))
    return stateOf(caller)
  }

  async function signOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    cookies.expectOwnPage(request)
    const token = cookies.read(request)
    if (token !== undefined) await changes.during(() => endSession(db, token))
    cookies.clear(request, response)
    response.writeHead(204).end()
  }

  /** Null when a key is required and the request has none that is valid. */
  async function callerOf(request: IncomingMessage): Promise<Caller | null> {
    try {
      return await authenticator.authenticate(credentialsOf(request))
    } catch (error) {
      if (error instanceof AuthenticationError) return null
      throw error
    }
  }

  async function stateOf(caller: Caller | null): Promise<SessionState> {
    const keyRequired = !authenticator.open
    if (!caller) return { keyRequired, viewer: null, session: null }
    const { scope, session, apiKeyId } = caller
    const { person, role, installation, projectId } = scope
    const { name } = await db.prisma.project.findUniqueOrThrow({ where: { id: projectId }, select: { name: true } })
    const key =
      session && apiKeyId !== null
        ? await db.prisma.apiKey.findUnique({ where: { id: apiKeyId }, select: { name: true, prefix: true } })
        : null
    return {
      keyRequired,
      viewer: {
        person: { id: encodeGlobalId('Person', person.id), name: person.name },
        role,
        installation,
        project: { id: encodeGlobalId('Project', projectId), name },
      },
      session: session && { key, expiresAt: session.expiresAt.toISOString() },
    }
  }
}

/** @throws {InvalidInputError} anything but a JSON object */
async function readJson(request: IncomingMessage): Promise<object> {
  const body = await readBody(request, maxBodyBytes)
  try {
    return parseInput(z.looseObject({}), JSON.parse(body.toString()), ['body'])
  } catch (error) {
    if (error instanceof InvalidInputError) throw error
    throw new InvalidInputError(`Expected a JSON object, got a body that is no JSON.`, ['body'])
  }
}
