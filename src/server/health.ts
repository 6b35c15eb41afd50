import type { ServerResponse } from 'node:http'
import type { Engine } from '../engine/engine.ts'
import { respondJson } from './respond.ts'

const databaseTimeoutMs = 2_000

/** 200 when the database answers, 503 when it does not within two seconds. */
export async function respondReadiness(response: ServerResponse, { db, log }: Engine): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${databaseTimeoutMs} ms`)), databaseTimeoutMs)
  try {
    await Promise.race([db.pool.query('SELECT 1'), late])
    respondJson(response, 200, { status: 'ready' })
  } catch (error) {
    log.warn({ err: error }, 'the database is not reachable')
    respondJson(response, 503, { status: 'unavailable', reason: 'The database does not answer.' })
  } finally {
    clearTimeout(timer)
  }
}
