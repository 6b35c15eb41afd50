import pg from 'pg'

type Query = (statement: unknown, values?: unknown, callback?: unknown) => unknown

/**
 * A connection whose statements die young.
 *
 * For each statement that it promises, `pg` assigns a function literal to a property. V8 allocates what is written so in the
 * old generation, since such a property is mostly a method, and what the function refers to stays until the next full
 * collection: parameters and rows of every statement. A function that is passed, or that is a variable before it is assigned,
 * is allocated like everything else. So the promises are made here, from callbacks.
 */
export class YoungClient extends pg.Client {
  override query(...[statement, values, callback]: unknown[]): never {
    const query = super.query as Query
    if (!isPromised(statement, values, callback)) return query.call(this, statement, values, callback) as never
    const answer = new Promise((resolve, reject) => {
      query.call(this, statement, values, (error: Error | null, result: unknown) =>
        error ? reject(error) : resolve(result),
      )
    })
    return answer.catch((error: Error) => {
      // As `pg` does: the stack of who has sent the statement says more than that of the socket.
      Error.captureStackTrace(error)
      throw error
    }) as never
  }
}

/** Whether a statement has neither a callback nor its own way to the connection. */
function isPromised(statement: unknown, values: unknown, callback: unknown): boolean {
  if (typeof values === 'function' || callback !== undefined) return false
  if (typeof statement === 'string') return true
  return typeof statement === 'object' && statement !== null && !('submit' in statement) && !('callback' in statement)
}
