import type pg from 'pg'

/**
 * Lets a connection make its promises of statements from callbacks.
 *
 * `pg` assigns a function literal to a property of each statement that it promises. What is written so, V8 takes for a
 * method and allocates in the old generation, so that what it refers to stays until the next full collection: parameters and
 * rows of every statement. A function that is passed, or that is a variable before it is assigned, dies with the statement.
 */
export function keepStatementsYoung(client: pg.ClientBase): void {
  const query = client.query as (...args: unknown[]) => unknown
  client.query = ((...args: unknown[]) => {
    const [statement] = args as [{ submit?: unknown } | string]
    const hasCallback = args.some((argument) => typeof argument === 'function')
    if (hasCallback || (typeof statement === 'object' && statement.submit)) return query.apply(client, args)
    return new Promise((resolve, reject) => {
      query.call(client, ...args, (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result)))
    }).catch((error: Error) => {
      // As `pg` does: the stack of who has sent the statement says more than that of the socket.
      Error.captureStackTrace(error)
      throw error
    })
  }) as typeof client.query
}
