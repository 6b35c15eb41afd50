import pg from 'pg'

/**
 * The result of `work`, and the SQL statements that this process sends on any connection while it runs, in order.
 * Statements of the queue are excluded, because its maintenance runs every few seconds in any case.
 */
export async function recordStatements<T>(work: () => Promise<T>): Promise<[result: T, statements: string[]]> {
  const statements: string[] = []
  const { query } = pg.Client.prototype
  // Prisma, the pool and the queue all use this method.
  pg.Client.prototype.query = function (this: pg.Client, ...args: Parameters<typeof query>) {
    const [statement] = args as unknown as [string | { text: string }]
    const text = typeof statement === 'string' ? statement : statement.text
    if (!text.includes('pgboss')) statements.push(text)
    return query.apply(this, args)
  } as typeof query
  try {
    return [await work(), statements]
  } finally {
    pg.Client.prototype.query = query
  }
}
