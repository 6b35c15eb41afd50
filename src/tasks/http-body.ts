/** Reads the bytes of an answer as a browser would: by its content encoding and its charset. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { TaskError } from '../domain/execution/task.ts'

type Body = Dispatcher.ResponseData['body']

interface BodyHeaders {
  contentType: string | undefined
  contentEncoding: string | undefined
}

const maxBodyBytes = 10_000_000

/**
 * The whole body as text.
 * @param call its name in messages
 * @throws {TaskError} one that is too large, or in an encoding or charset that cannot be read
 */
export async function readText(body: Body, headers: BodyHeaders, call: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    // Leaving the loop destroys the stream, and with it the connection.
    if (size > maxBodyBytes) throw tooLarge(call)
  }
  const bytes = await decompress(Buffer.concat(chunks, size), headers.contentEncoding, call)
  return decode(bytes, headers.contentType, call)
}

const encodings = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

async function decompress(bytes: Buffer, contentEncoding: string | undefined, call: string): Promise<Buffer> {
  const names = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  // The last one was applied last.
  for (const name of names.reverse()) {
    if (name === '' || name === 'identity' || bytes.length === 0) continue
    if (!Object.hasOwn(encodings, name)) {
      throw unreadable(`${call}: expected an answer in gzip, deflate, br, zstd or no content encoding, got ${name}.`)
    }
    try {
      bytes = (await encodings[name as keyof typeof encodings](bytes, { maxOutputLength: maxBodyBytes })) as Buffer
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge(call)
      // Part of it may have been lost on the way.
      const message = `${call}: the content encoding of the answer is ${name}, but it is not: ${(error as Error).message}.`
      throw new TaskError('MALFORMED_RESPONSE', message, { retryable: true, cause: error })
    }
  }
  return bytes
}

function decode(bytes: Buffer, contentType: string | undefined, call: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8'
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(charset, { fatal: true })
  } catch (error) {
    throw unreadable(`${call}: expected an answer in a charset that browsers know, got ${charset}.`, error)
  }
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw unreadable(`${call}: expected an answer in ${charset}, got bytes that are not.`, error)
  }
}

function tooLarge(call: string): TaskError {
  return new TaskError('RESPONSE_TOO_LARGE', `${call} answered with more than 10 MB.`, { retryable: false })
}

function unreadable(message: string, cause?: unknown): TaskError {
  return new TaskError('MALFORMED_RESPONSE', message, { retryable: false, cause })
}
