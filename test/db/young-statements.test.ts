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
  expect(left).toBeLessThan(3)
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

test('callbacks and statements with a way of their own are left as they are', async () => {
  const client = await db.pool.connect()
  const rows = await new Promise((resolve, reject) => {
    client.query('SELECT $1::int AS n', [1], (error, result) => (error ? reject(error) : resolve(result.rows)))
  })
  client.release()
  expect(rows).toEqual([{ n: 1 }])
})
