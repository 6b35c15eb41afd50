import pg from 'pg'

const periodic = /pgboss|"anyInUse"/

/**
 * What `work` returns, and the SQL statements that this process sends on any connection while it runs, in that order.
 * Those of the queue and of the watch over revoked keys are left out: they come every few seconds, whatever else happens.
 */
export async function recordStatements<T>(work: () => Promise<T>): Promise<[result: T, statements: string[]]> {
  const statements: string[] = []
  const { query } = pg.Client.prototype
  // Prisma, the pool and the queue all end up here.
  pg.Client.prototype.query = function (this: pg.Client, ...args: Parameters<typeof query>) {
    const [statement] = args as unknown as [string | { text: string }]
    const text = typeof statement === 'string' ? statement : statement.text
    if (!periodic.test(text)) statements.push(text)
    return query.apply(this, args)
  } as typeof query
  try {
    return [await work(), statements]
  } finally {
    pg.Client.prototype.query = query
  }
}
