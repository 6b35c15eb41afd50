import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { InvalidInputError } from '../domain/errors.ts'
import type { Json } from '../domain/json/json.ts'

/** The body exceeds the limit. */
export class BodyTooLargeError extends Error {
  /** @param otherwise what to do with a larger one */
  constructor(limit: number, otherwise = 'Larger data goes through POST /import/<dataset>.') {
    super(`Expected a body of at most ${limit.toLocaleString('en')} bytes. ${otherwise}`.trim())
  }
}

/**
 * Reads a body of UTF-8 text; an empty one if there is none.
 * @param onBytes is told of bytes as they arrive
 * @throws {BodyTooLargeError} the rest of the body is left unread
 * @throws {InvalidInputError} invalid UTF-8, which would be stored as other characters
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  onBytes?: (count: number) => void,
): Promise<Buffer> {
  const { 'content-length': declared, 'transfer-encoding': encoding } = request.headers
  if (declared === undefined && encoding === undefined) return Buffer.alloc(0)
  if (Number(declared ?? 0) > limit) throw new BodyTooLargeError(limit)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    onBytes?.(chunk.length)
    if (size > limit) throw new BodyTooLargeError(limit)
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  expectUtf8(body, 'the body')
  return body
}

/**
 * Leaves a body that has been read to the HTTP adapter of the GraphQL server, which lists the keys of what it gets: bytes have
 * one each, which took 0.4 s for a megabyte.
 * @param json what it is as JSON; undefined for other bodies
 */
export function keepBody(request: IncomingMessage & { body?: unknown }, body: Buffer, json: Json | undefined): void {
  const isJson = /^application\/(graphql\+)?json\s*(;|$)/i.test(request.headers['content-type'] ?? '')
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).length > 0
  request.body = isJson && isObject ? json : Readable.from([body])
}

export const slowBodies = {
  /** A client that sends nothing for this long is disconnected, because its body holds one of few places. */
  idleMs: 60_000,
  /** Within each such time: a client that sends drop by drop must not occupy one either. */
  minBytes: 60 * 1024,
}

/**
 * Ends a request whose body arrives too slowly.
 * @param arrived bytes so far
 */
export function disconnectIdle(request: IncomingMessage, arrived: () => number): void {
  const { idleMs, minBytes } = slowBodies
  request.setTimeout(idleMs, () => request.destroy())
  let before = 0
  const slow = setInterval(() => {
    if (arrived() - before < minBytes) request.destroy()
    before = arrived()
  }, idleMs)
  request.once('end', () => {
    request.setTimeout(0)
    clearInterval(slow)
  })
  request.once('close', () => clearInterval(slow))
}

/** @throws {InvalidInputError} naming the position of the first invalid byte */
export function expectUtf8(bytes: Buffer, what: string): void {
  if (isUtf8(bytes)) return
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (beginsUtf8(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  const byte = bytes[bad - 1]?.toString(16).padStart(2, '0')
  throw new InvalidInputError(`Expected UTF-8, got byte 0x${byte} at position ${bad - 1} of ${what}.`)
}

/** Whether bytes are UTF-8, except perhaps for an incomplete last character. */
function beginsUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/** At most so many bytes are discarded, then for so many milliseconds none: about 50 MB a second. */
const drained = { bytes: 256 * 1024, pauseMs: 5 }

/** Discards the rest of a body, so that the client reads the response; closes the connection after `limit` bytes. */
export function drainBody(request: IncomingMessage, limit: number): void {
  if (request.complete || request.destroyed) return
  let size = 0
  let pauseAt = drained.bytes
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) return void request.destroy()
    if (size < pauseAt) return
    pauseAt = size + drained.bytes
    request.pause()
    setTimeout(() => request.resume(), drained.pauseMs)
  })
}

/** Whether browsers preflight cross-origin requests of this type. */
export function isPreflighted(contentType: string | undefined): boolean {
  return /^application\/(json|graphql|graphql\+json)\s*(;|$)/i.test(contentType ?? '')
}
