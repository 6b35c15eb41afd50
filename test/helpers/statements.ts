import pg from 'pg'

const periodic = /pgboss|"anyInUse"/

/**
 * Runs `work` and records the SQL statements that this process sends meanwhile on any connection, in order. The
 * periodic ones of the queue and of the check for revoked keys are left out.
 */
export async function recordStatements<T>(work: () => Promise<T>): Promise<[result: T, statements: string[]]> {
  const statements: string[] = []
  const { query } = pg.Client.prototype
  // Prisma, the pool and the queue all use this.
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
