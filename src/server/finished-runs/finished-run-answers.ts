/**
 * Answers to queries that are about finished runs alone: kept as they are sent, by document, variables and scope, and given
 * again while their tag is that of the database: a retry, another score or a new version of the dataset has another one.
 * Over GET the client gets the tag, too. Of a request over GET that came before, credentials included, the answer is found
 * before its caller is, so that one statement tells who asks and whether the answer is still the same. What it told counts
 * for equal requests, without another statement, until something may have changed: ../change-watch.ts. Nothing else is given
 * before the caller is known.
 */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'graphql-yoga'
import type { Database } from '../../db/client.ts'
import { tagFinishedRuns } from '../../db/sql/run/tag-finished-runs.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Credentials } from '../caller.ts'
import type { ChangeWatch, Moment } from '../change-watch.ts'
import { accepts } from '../content-coding.ts'
import { jsonInSteps } from '../json-in-steps.ts'
import { answerSize } from '../limits/answer-size.ts'
import type { LoopTime } from '../limits/loop-time.ts'
import { jsonMediaTypeFor } from '../media-types.ts'
import type { OperationCaller } from '../use-statement-scope.ts'
import { type AskedBefore, type KeptAnswer, KeptAnswers, keptAnswersLimits } from './kept-answers.ts'
import { runsOf } from './subject.ts'

/** A query whose answer may be kept. */
export interface TaggedQuery {
  /** Identifies what is asked, and in which scope. */
  key: string
  contentType: string
  projectId: string
  /** Tags that the client has an answer with; null: it gets none, as over POST. */
  known: string | null
  /** That it takes. */
  codings: string | undefined
  /** The request itself, for the next one that is equal; null over POST. */
  asked: AskedBefore | null
  /** Set once it has turned out that the answer is about finished runs. */
  about: Pick<KeptAnswer, 'runs' | 'tag'> | null
}

/** A request before its caller is known. */
export interface TaggedRequest {
  /** Identifies it, credentials included; null for one over POST, whose caller is known first. */
  id: string | null
  /** What is asked, as it came. */
  question: string
  contentType: string
  known: string | null
  codings: string | undefined
  /** What it asked the last time, and the answer. */
  before: AskedBefore | null
  kept: KeptAnswer | null
}

export class FinishedRunAnswers {
  readonly #db: Pick<Database, 'pool'>
  readonly #changes: ChangeWatch
  readonly #loopTime: LoopTime
  readonly #kept = new KeptAnswers()

  constructor(db: Pick<Database, 'pool'>, changes: ChangeWatch, loopTime: LoopTime) {
    this.#db = db
    this.#changes = changes
    this.#loopTime = loopTime
  }

  /** Of a request over GET; null where the client accepts no JSON, or wants nothing kept. */
  requestOf({ headers, url = '' }: IncomingMessage, credentials: Credentials): TaggedRequest | null {
    const contentType = contentTypeFor(headers)
    if (!contentType) return null
    const { authorization, session, project } = credentials
    const id = hash('sha256', JSON.stringify([authorization, session, project, contentType, url]), 'base64')
    const before = this.#kept.askedBy(id) ?? null
    const kept = (before && this.#kept.get(before.key)) ?? null
    const known = headers['if-none-match'] ?? ''
    return { id, question: url, contentType, known, codings: headers['accept-encoding'], before, kept }
  }

  /** Of a request over POST; null as above, and for one that is so large that it is hardly a query that comes again. */
  postedQueryOf({ headers, url = '' }: IncomingMessage, body: Buffer, scope: Scope): TaggedQuery | null {
    const contentType = contentTypeFor(headers)
    if (!contentType || body.length > keptAnswersLimits.questionBytes) return null
    const question = `${url} ${body}`
    const codings = headers['accept-encoding']
    return this.queryOf({ id: null, question, contentType, known: null, codings, before: null, kept: null }, scope)
  }

  queryOf(request: TaggedRequest, { projectId, role, installation }: Scope): TaggedQuery {
    const { id, question, contentType, known, codings, before } = request
    const isSame = before?.projectId === projectId && before.role === role && before.installation === installation
    const asked = isSame
      ? before
      : {
          key: hash('sha256', JSON.stringify([projectId, role, installation, contentType, question]), 'base64'),
          ...{ projectId, role, installation, confirmed: null },
        }
    if (!isSame && id !== null) this.#kept.remember(id, asked)
    return { key: asked.key, contentType, projectId, known, codings, asked: id === null ? null : asked, about: null }
  }

  /**
   * Answers from what is kept, where nothing may have changed since caller and tag of an equal request were read.
   * @returns whether it did
   */
  respondUnread({ before, kept, known, codings }: TaggedRequest, response: ServerResponse): boolean {
    if (!kept || before?.confirmed?.tag !== kept.tag) return false
    if (!this.#changes.isUnchanged(before.confirmed.since, kept.runs.runIds)) return false
    this.#send(before.key, kept, { known, codings }, response)
    return true
  }

  /**
   * Answers from what is kept.
   * @param read the tag that was read with the caller, and when; null: it is read now
   * @returns whether it did
   */
  async respond(
    query: TaggedQuery,
    response: ServerResponse,
    read: (Pick<KeptAnswer, 'runs'> & { tag: string | null; since: Moment }) | null,
  ): Promise<boolean> {
    const { key, asked } = query
    const kept = this.#kept.get(key)
    if (!kept) return false
    const isRead = read?.runs === kept.runs
    const current = isRead ? read.tag : await tagFinishedRuns(this.#db.pool, kept.runs)
    if (current !== kept.tag) {
      this.#kept.delete(key)
      return false
    }
    if (isRead && asked) asked.confirmed = { tag: current, since: read.since }
    this.#send(key, kept, query, response)
    return true
  }

  #send(
    key: string,
    kept: KeptAnswer,
    { known, codings }: Pick<TaggedQuery, 'known' | 'codings'>,
    response: ServerResponse,
  ): void {
    const { tag, body, contentType, gzipped } = kept
    const headers = headersOf(tag, contentType, known)
    if (isKnown(tag, known)) return void response.writeHead(304, headers).end()
    const isZipped = accepts(codings, 'gzip')
    if (isZipped && gzipped) {
      headers['content-encoding'] = 'gzip'
      return void response.writeHead(200, { ...headers, 'content-length': gzipped.length }).end(gzipped)
    }
    if (isZipped) this.#kept.compress(key, kept)
    response.writeHead(200, { ...headers, 'content-length': body.length }).end(body)
  }

  /** Tags and keeps answers. */
  get plugin(): Plugin<OperationCaller & { tagged?: TaggedQuery | null }> {
    const kept = this.#kept
    const loopTime = this.#loopTime
    return {
      onExecute: async ({ args }) => {
        const { tagged } = args.contextValue as { tagged?: TaggedQuery | null }
        const runIds = tagged && runsOf(args)
        if (!tagged || !runIds) return
        const runs = { projectId: tagged.projectId, runIds }
        // Before the answer is read: what changes meanwhile has another tag.
        const tag = await tagFinishedRuns(this.#db.pool, runs)
        if (tag !== null) tagged.about = { runs, tag }
      },
      onResultProcess({ result, serverContext, setResultProcessor }) {
        const { tagged, client } = serverContext as unknown as OperationCaller & { tagged?: TaggedQuery | null }
        if (!tagged?.about || !('data' in result) || result.errors) return
        const { key, contentType, known, about } = tagged
        const type = `${contentType}; charset=utf-8`
        setResultProcessor((_result, { Response }) => {
          const headers = headersOf(about.tag, type, known)
          const isLarge = result.data != null && answerSize(result.data) > keptAnswersLimits.answerBytes
          const body = isLarge ? null : Buffer.from(JSON.stringify(result))
          if (body) kept.keep(key, { ...about, contentType: type, body, gzipped: null })
          if (isKnown(about.tag, known)) return new Response(null, { status: 304, headers })
          if (!body) return new Response(jsonInSteps(result, loopTime, client), { headers })
          return new Response(body, { headers: { ...headers, 'content-length': String(body.length) } })
        }, contentType)
      },
    }
  }
}

/** Null where the client accepts no JSON, or wants nothing kept. Who asks with a tag often sends `no-cache`. */
function contentTypeFor({ accept, 'cache-control': caching }: IncomingHttpHeaders) {
  if (caching !== undefined && /\bno-store\b/.test(caching)) return null
  return jsonMediaTypeFor(accept)
}

function headersOf(tag: string, contentType: string, known: string | null): Record<string, string> {
  if (known === null) return { 'content-type': contentType }
  return {
    'content-type': contentType,
    etag: `W/"${tag}"`,
    'cache-control': 'private, no-cache',
    // Of any page that may read it, too.
    vary: 'authorization, cookie, accept, accept-encoding, origin, x-assay-project',
  }
}

function isKnown(tag: string, known: string | null): boolean {
  return known?.includes(`"${tag}"`) ?? false
}
