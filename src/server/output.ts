/**
 * GET /output/<id of a run item>: its whole output as JSON, of any size, at the client's pace. The database hands it out
 * in parts, so that neither a connection nor more than one part is held while a client reads slowly.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isGlobalId, rawId } from '../../schema/relay/global-id.ts'
import { runItemKey } from '../../schema/run/run-item.ts'
import type { Queryable } from '../db/client.ts'
import { explainRefusal } from '../db/explain-refusal.ts'
import { findOutputBytes, loadOutputPart } from '../db/sql/run-item/load-output.ts'
import type { RunItemKey } from '../db/sql/run-item/load-run-items.ts'
import { StatementScope } from '../db/statement-scope.ts'
import { NotFoundError, UserError } from '../domain/errors.ts'
import { excerptOf } from '../domain/excerpt.ts'
import type { RequestOfCaller } from './import.ts'
import { respondUserError } from './user-error.ts'

/** Characters that are read at once. */
const partLength = 2 * 1024 * 1024

/** Responds to user errors itself; rejects on internal errors, before anything was sent. */
export async function respondOutput(
  request: IncomingMessage,
  response: ServerResponse,
  { services, scope, client, gone }: RequestOfCaller,
): Promise<void> {
  const { db, log } = services
  const statements = new StatementScope({ group: client, kind: 'READ', signal: gone })
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  let found: { key: RunItemKey; bytes: number }
  try {
    found = await statements.run(() => findOutput(db.pool, scope.projectId, pathname.slice('/output/'.length)))
  } catch (thrown) {
    const error = explainRefusal(thrown)
    if (error instanceof UserError) return respondUserError(response, error)
    throw error
  }
  const { key, bytes } = found
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes,
    'cache-control': 'no-store',
  })
  if (request.method === 'HEAD') return void response.end()
  try {
    const parts = statements.iterate(partsOf(db.pool, key, bytes))
    await pipeline(Readable.from(parts, { objectMode: false, highWaterMark: 1 }), response)
  } catch (error) {
    // The status was already sent; the client notices the error by the missing bytes.
    if (!response.destroyed) response.destroy()
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE')
      log.error({ err: error }, 'an output could not be sent')
  }
}

async function findOutput(db: Queryable, projectId: string, id: string) {
  const key = isGlobalId('RunItem', id) ? runItemKey(rawId('RunItem', id, ['id'])) : null
  const bytes = key && (await findOutputBytes(db, projectId, key))
  if (!key || bytes === null) {
    throw new NotFoundError(`Expected the id of a run item of this project with an output, got ${excerptOf(id)}.`, [
      'id',
    ])
  }
  return { key, bytes }
}

async function* partsOf(db: Queryable, key: RunItemKey, bytes: number): AsyncGenerator<Buffer> {
  for (let sent = 0, from = 0; sent < bytes; from += partLength) {
    const part = Buffer.from((await loadOutputPart(db, key, from, partLength)) ?? '')
    if (part.length === 0) throw new Error('the item was deleted meanwhile')
    sent += part.length
    yield part
  }
}
