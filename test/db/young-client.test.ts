import pg, { type PoolClient, type QueryConfig, type QueryResult } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { openDatabase, openRequestDatabase, transaction } from '../../src/db/client.ts'
import { StatementScope } from '../../src/db/statement-scope.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { leftByMb } from '../helpers/old-generation.ts'

const database = await createTestDatabase()
const db = openDatabase(database.url)
const requests = openRequestDatabase(db)
afterAll(async () => {
  await requests.close()
  await db.close()
  await database.drop()
})

const statements = 150
/** 15 MB of parameters, and as much of rows. */
const text = () => 'x'.repeat(100 * 1024)

test.each([
  ['of the pool of workers', db.pool],
  ['of the pool of requests', requests.pool],
])('statements of a transaction %s leave neither parameters nor rows behind', async (_, pool) => {
  const left = await leftByMb(() =>
    transaction(pool, async (client) => {
      for (let n = 0; n < statements; n += 1) await client.query('SELECT $1::text AS text', [text()])
    }),
  )
  expect(left).toBeLessThan(3)
})

test('what a caller holds does not outlive its use of a connection', async () => {
  const left = await leftByMb(async () => {
    for (let n = 0; n < statements; n += 1) {
      const held = Buffer.from(text()).toString()
      const scope = new StatementScope({ group: 'a', kind: 'READ', onAnswer: () => void held.length })
      await scope.run(() => requests.pool.query('SELECT 1'))
    }
  })
  // Of 15.
  expect(left).toBeLessThan(10)
})

test('a statement that fails says who has sent it', async () => {
  async function sender() {
    const client = await db.pool.connect()
    try {
      await client.query('SELECT nothing')
    } finally {
      client.release()
    }
  }
  const error: Error = await sender().then(
    () => expect.unreachable(),
    (error) => error,
  )
  expect(error.message).toBe('column "nothing" does not exist')
  expect(error.stack).toContain('sender')
})

test.each<[string, (client: PoolClient) => Promise<{ rows: unknown[] }>]>([
  ['a text', (client) => client.query('SELECT 1 AS n')],
  ['a text with values', (client) => client.query('SELECT $1::int AS n', [1])],
  ['a text with values that are undefined', (client) => client.query('SELECT 1 AS n', undefined)],
  ['a statement', (client) => client.query({ text: 'SELECT $1::int AS n', values: [1] })],
  ['a statement with values', (client) => client.query({ text: 'SELECT $1::int AS n' }, [1])],
])('%s is promised', async (_, query) => {
  const client = await db.pool.connect()
  const { rows } = await query(client).finally(() => client.release())
  expect(rows).toEqual([{ n: 1 }])
})

type Called = (error: Error | null, result: { rows: unknown[] }) => void

test.each<[string, (client: PoolClient, callback: Called) => unknown]>([
  ['the second argument', (client, callback) => client.query('SELECT 1 AS n', callback)],
  ['the third argument', (client, callback) => client.query('SELECT $1::int AS n', [1], callback)],
  ['part of the statement', (client, callback) => client.query({ text: 'SELECT 1 AS n', callback } as QueryConfig)],
])('with a callback as %s, nothing is promised', async (_, query) => {
  const client = await db.pool.connect()
  const { promise, resolve, reject } = Promise.withResolvers<unknown[]>()
  const returned = query(client, (error, result) => (error ? reject(error) : resolve(result.rows)))
  expect(await promise.finally(() => client.release())).toEqual([{ n: 1 }])
  expect(returned).toBeUndefined()
})

test('a statement with its own way to the connection is sent as it is', async () => {
  const client = await db.pool.connect()
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const statement = new pg.Query('SELECT 1 AS n', [], (_error: Error | undefined, { rows }: QueryResult) =>
    resolve(rows),
  )
  expect(client.query(statement)).toBe(statement)
  expect(await promise.finally(() => client.release())).toEqual([{ n: 1 }])
})

test('no statement at all is refused as by pg', async () => {
  const client = await db.pool.connect()
  expect(() => client.query(null as never)).toThrow('Client was passed a null or undefined query')
  client.release()
})

test('through a pooler statements are prepared under no name', async () => {
  const pooled = openDatabase(database.url, { pooledUrl: database.url })
  const client = await pooled.pool.connect()
  const { rows } = await client.query({ name: 'named', text: 'SELECT $1::int AS n', values: [1] })
  const { rows: prepared } = await client.query('SELECT name FROM pg_prepared_statements')
  client.release()
  await pooled.close()
  expect({ rows, prepared }).toEqual({ rows: [{ n: 1 }], prepared: [] })
})
