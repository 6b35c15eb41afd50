import type pg from 'pg'
import { type Queryable, transaction } from './client.ts'

/**
 * Reads that all see the database at one moment, that of the first one. They run on one connection, one after another
 * also where `work` starts several at once.
 */
export function atOneMoment<T>(pool: pg.Pool, work: (db: Queryable) => Promise<T>): Promise<T> {
  return transaction(pool, (client) => work(inTurn(client)), 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
}

type Query = (...args: unknown[]) => unknown

/** `pg` warns of statements that wait for each other on a connection. */
function inTurn(client: pg.ClientBase): Queryable {
  const query = client.query.bind(client) as Query
  let turn: Promise<unknown> = Promise.resolve()
  const queued: Query = (...args) => {
    const callback = args.at(-1)
    const run = () => {
      if (typeof callback !== 'function') return query(...args)
      const ended = Promise.withResolvers<void>()
      query(...args.slice(0, -1), (...result: unknown[]) => {
        callback(...result)
        ended.resolve()
      })
      return ended.promise
    }
    const result = turn.then(run)
    turn = result.catch(() => {})
    return result
  }
  return { query: queued as Queryable['query'] }
}
