import type { IncomingMessage } from 'node:http'

/** The body is larger than is read here. */
export class BodyTooLargeError extends Error {
  constructor(limit: number) {
    super(
      `Expected a body of at most ${limit.toLocaleString('en')} bytes. Larger data goes through POST /import/<dataset>.`,
    )
  }
}

/**
 * Sees to it that no more than `limit` bytes of a body are read. A declared length is believed, because Node reads no
 * more than that; a body without one is read here and handed on as `request.body`.
 * @throws {BodyTooLargeError}
 */
export async function limitBody(request: IncomingMessage & { body?: Buffer }, limit: number): Promise<void> {
  const declared = request.headers['content-length']
  if (declared !== undefined) {
    if (Number(declared) > limit) throw new BodyTooLargeError(limit)
    return
  }
  if (request.headers['transfer-encoding'] === undefined) return
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > limit) throw new BodyTooLargeError(limit)
    chunks.push(chunk)
  }
  request.body = Buffer.concat(chunks)
}
