/**
 * POST /attachments?filename=photo.png: the body is the file, its content-type the media type; answers with its id and what
 * else is known of it, as JSON. GET /attachments/<id>: the file, whole or one range of it, with its hash as ETag.
 *
 * Files come from anybody who may write items, so a browser must never run what is in one: it is told not to guess types,
 * it shows only types without scripts in the page, and all of them in a sandbox; everything else is a download.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { explainRefusal } from '../db/explain-refusal.ts'
import type { AttachmentRow } from '../db/sql/attachment/store.ts'
import { StatementScope } from '../db/statement-scope.ts'
import { maxAttachmentBytes } from '../domain/attachment/limits.ts'
import { InvalidInputError, NotFoundError, UserError } from '../domain/errors.ts'
import { excerptOf } from '../domain/excerpt.ts'
import { attachmentBytes, findAttachment } from '../engine/attachments/load-attachment.ts'
import { storeAttachment } from '../engine/attachments/store-attachment.ts'
import { contentDisposition } from './content-disposition.ts'
import type { RequestOfCaller } from './import.ts'
import { BodyTooLargeError, disconnectIdle } from './request-body.ts'
import { respondError, respondJson } from './respond.ts'
import { respondUserError } from './user-error.ts'

/** Responds to user errors itself; rejects on internal errors, before anything was sent. */
export async function respondUpload(
  request: IncomingMessage,
  response: ServerResponse,
  { services, scope, client, signal }: RequestOfCaller,
): Promise<void> {
  let arrived = 0
  disconnectIdle(request, () => arrived)
  async function* counted() {
    // Ending the iteration early must not close the connection: the response is still to be sent on it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      arrived += chunk.length
      yield chunk
    }
  }
  try {
    if (Number(request.headers['content-length'] ?? 0) > maxAttachmentBytes) {
      throw new BodyTooLargeError(maxAttachmentBytes, '')
    }
    const named = readUpload(request)
    const statements = new StatementScope({ group: client, kind: 'WRITE' })
    const stored = await statements.run(() => storeAttachment(services, scope, { ...named, source: counted(), signal }))
    respondJson(response, 201, toBody(stored))
  } catch (thrown) {
    if (response.writableEnded || response.destroyed || (request.destroyed && !request.complete)) return
    // Drain the rest of the body, or the client would not read the response.
    request.resume()
    const error = explainRefusal(thrown)
    if (error instanceof UserError) return respondUserError(response, error)
    throw error
  }
}

function toBody({ id, mediaType, filename, bytes, sha256 }: AttachmentRow) {
  const globalId = encodeGlobalId('Attachment', id)
  return { id: globalId, mediaType, filename, bytes, sha256: sha256.toString('hex'), url: `/attachments/${globalId}` }
}

/** @throws {InvalidInputError} naming the parameter or header */
function readUpload(request: IncomingMessage): { mediaType: string | null; filename: string | null } {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const { 'content-type': mediaType = null, 'content-encoding': encoding = 'identity' } = request.headers
  if (encoding !== 'identity') {
    throw new InvalidInputError(`Expected an uncompressed file, got content-encoding: ${encoding}.`, [
      'content-encoding',
    ])
  }
  if (mediaType?.startsWith('multipart/')) {
    const message = 'Expected the file itself as the body (curl --data-binary @file), got a form (curl --form).'
    throw new InvalidInputError(message, ['content-type'])
  }
  const unknown = [...searchParams.keys()].find((name) => name !== 'filename')
  if (unknown !== undefined)
    throw new InvalidInputError(`Expected the parameter filename, got "${unknown}".`, [unknown])
  return { mediaType, filename: searchParams.get('filename') }
}

/** Responds to user errors itself; rejects on internal errors, before anything was sent. */
export async function respondAttachment(
  request: IncomingMessage,
  response: ServerResponse,
  { services, scope, client, gone }: RequestOfCaller,
): Promise<void> {
  const { db, log } = services
  const statements = new StatementScope({ group: client, kind: 'READ', signal: gone })
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const id = pathname.slice('/attachments/'.length)
  const found = await statements.run(() => findAttachment(db.pool, scope, id))
  if (!found) {
    const message = `Expected the id of an attachment of this project, got ${excerptOf(id)}.`
    return respondUserError(response, new NotFoundError(message, ['id']))
  }
  const etag = `"${found.sha256.toString('hex')}"`
  const headers = {
    etag,
    'cache-control': 'private, no-cache',
    'accept-ranges': 'bytes',
    'content-security-policy': "sandbox; default-src 'none'",
  }
  if (isUnchanged(request, etag)) return void response.writeHead(304, headers).end()
  const range = rangeOf(request, found.bytes, etag)
  if (range === 'UNSATISFIABLE') {
    return respondError(response, 416, `Expected a range within ${found.bytes} bytes, got ${request.headers.range}.`, {
      'content-range': `bytes */${found.bytes}`,
    })
  }
  const { start, end } = range ?? { start: 0, end: found.bytes }
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-type': found.mediaType,
    'content-length': end - start,
    'content-disposition': contentDisposition(isShown(found.mediaType) ? 'inline' : 'attachment', found.filename),
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${found.bytes}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  try {
    const chunks = statements.iterate(attachmentBytes(db.pool, found, start, end))
    await pipeline(Readable.from(chunks, { objectMode: false, highWaterMark: 1 }), response)
  } catch (error) {
    // The status was already sent; the client notices the error by the missing bytes.
    if (!response.destroyed) response.destroy()
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      log.error({ err: error }, 'an attachment could not be sent')
  }
}

/** Types that cannot have scripts; SVG and HTML can. */
function isShown(mediaType: string): boolean {
  return /^(image\/(png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain)(;|$)/.test(mediaType)
}

function isUnchanged({ headers }: IncomingMessage, etag: string): boolean {
  const known = headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''))
  return known?.some((one) => one === etag || one === '*') ?? false
}

/** The part that is asked for, by its first byte and the one after its last; null for the whole. */
function rangeOf(
  { headers }: IncomingMessage,
  bytes: number,
  etag: string,
): { start: number; end: number } | 'UNSATISFIABLE' | null {
  const { range, 'if-range': ifRange } = headers
  // Several ranges may be answered with the whole file.
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (ifRange !== undefined && ifRange !== etag) return null
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1)
  return start < end ? { start, end } : 'UNSATISFIABLE'
}
