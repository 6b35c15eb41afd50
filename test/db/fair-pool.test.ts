import { getPriority } from 'node:os'
import { afterAll, expect, test } from 'vitest'
import { openDatabase, openRequestDatabase } from '../../src/db/client.ts'
import { explainRefusal } from '../../src/db/explain-refusal.ts'
import { explainCancelled, FairPool } from '../../src/db/fair-pool.ts'
import { StatementScope } from '../../src/db/statement-scope.ts'
import { createTestDatabase } from '../helpers/database.ts'

const database = await createTestDatabase()
const db = openDatabase(database.url)
const pool = new FairPool({
  url: database.url,
  max: 3,
  statementTimeoutMs: 1_500,
  onError: () => {},
  cancel: (processId) => db.pool.query('SELECT pg_cancel_backend($1)', [processId]),
})
afterAll(async () => {
  await pool.end()
  await db.close()
  await database.drop()
})

const scope = (group: string, more: { signal?: AbortSignal; maxBytes?: number } = {}) =>
  new StatementScope({ group, kind: 'READ', ...more })

test('a statement that takes too long is ended by the database, with a sentence that says what to do', async () => {
  const error = await pool.query('SELECT pg_sleep(10)').catch((error) => error)
  expect(explainRefusal(error)).toMatchObject({
    code: 'LIMIT',
    message: expect.stringMatching(/too long/),
  })
})

test('statements of queries may take 15 s, those of mutations and imports 10 minutes', async () => {
  const requests = openRequestDatabase(db)
  const timeout = async () => (await requests.pool.query('SHOW statement_timeout')).rows
  expect(await scope('a').run(timeout)).toEqual([{ statement_timeout: '15s' }])
  expect(await new StatementScope({ group: 'a', kind: 'WRITE' }).run(timeout)).toEqual([{ statement_timeout: '10min' }])
  await requests.pool.end()
})

test('expensive reads have connections of their own, which give way to the others', async () => {
  const requests = openRequestDatabase(db)
  const priorityOf = async (kind: 'READ' | 'EXPENSIVE_READ') => {
    const pid = new StatementScope({ group: 'a', kind }).run(() =>
      requests.pool.query('SELECT pg_backend_pid() AS pid'),
    )
    return getPriority((await pid).rows[0].pid)
  }
  const own = getPriority()
  expect(await priorityOf('READ')).toBe(own)
  // Elsewhere it is not known which process that is.
  expect(await priorityOf('EXPENSIVE_READ')).toBe(process.platform === 'linux' ? Math.max(own, 5) : own)
  const found = new StatementScope({ group: 'a', kind: 'READ' }).run(() =>
    StatementScope.current?.expensively(() => requests.pool.query('SELECT pg_backend_pid() AS pid')),
  )
  expect(getPriority((await found)?.rows[0].pid)).toBe(process.platform === 'linux' ? Math.max(own, 5) : own)
  await requests.pool.end()
})

test('a group gets all connections but two, and its queue keeps nobody waiting', async () => {
  const held = await scope('many').run(() => pool.connect())
  const order: string[] = []
  const take = (group: string) =>
    scope(group).run(async () => {
      await pool.query('SELECT 1')
      order.push(group)
    })
  const queued = Array.from({ length: 3 }, () => take('many'))
  await take('one')
  await take('other')
  expect(order).toEqual(['one', 'other'])
  held.release()
  await Promise.all(queued)
})

test('a statement ends with its scope, with the reason of whoever ended it', async () => {
  const ending = new AbortController()
  const own = scope('a', { signal: ending.signal })
  const slow = own.run(() => pool.query('SELECT pg_sleep(1)')).catch((error) => explainCancelled(error, own))
  await expect
    .poll(
      async () =>
        (await db.pool.query(`SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)' AND state = 'active'`))
          .rowCount,
    )
    .toBe(1)
  ending.abort(new Error('enough'))
  expect(await slow).toMatchObject({ message: 'enough' })
})

test('a scope that ended before its turn never gets a connection', async () => {
  const held = await scope('a').run(() => pool.connect())
  const ending = new AbortController()
  const waits = scope('a', { signal: ending.signal }).run(() => pool.query('SELECT 1'))
  ending.abort(new Error('enough'))
  await expect(waits).rejects.toThrow('enough')
  held.release()
  expect((await scope('a').run(() => pool.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }])
})

test('rows beyond the bytes of a scope end its statement', async () => {
  const own = scope('a', { maxBytes: 1024 * 1024 })
  const error = await own
    .run(() => pool.query(`SELECT repeat('x', 1000) FROM generate_series(1, 100000)`))
    .catch((error) => explainCancelled(error, own))
  expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringMatching(/more than 1 MB/) })
})

test('columns count a part of their bytes, all together, and end with what they are a part of', async () => {
  const own = scope('a', { maxBytes: 1024 * 1024 })
  const read = (bytes: number) =>
    own.run(() => own.counting(1 / 4, () => pool.query('SELECT repeat($1, $2)', ['x', bytes])))
  await read(3 * 1024 * 1024)
  expect(own.abortReason).toBeUndefined()
  await read(3 * 1024 * 1024).catch(() => {})
  expect(own.abortReason).toMatchObject({ code: 'LIMIT', message: expect.stringMatching(/more than 1 MB/) })
  await expect(read(1)).rejects.toThrow(/more than 1 MB/)
})

const backend = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number
const backends = async () => new Set(await Promise.all(Array.from({ length: 3 }, backend)))

test('statements that fail leave their connections to others', async () => {
  const before = await backends()
  for (let n = 0; n < 10; n++) await expect(pool.query('SELECT 1 / 0')).rejects.toThrow(/division by zero/)
  expect([...(await backends())].filter((pid) => !before.has(pid))).toEqual([])
})

test('a connection whose statement was cancelled serves others, and cancels none of theirs', async () => {
  const seen = new Set<number>()
  for (let n = 0; n < 100; n++) {
    const ending = new AbortController()
    const own = scope('a', { signal: ending.signal })
    // Some end by themselves while they are being cancelled.
    const slow = own.run(() => pool.query(`SELECT pg_sleep(${n % 2 === 0 ? 1 : 0.002})`)).catch(() => {})
    setTimeout(() => ending.abort(new Error('enough')), n % 5)
    await slow
    // Long enough for a cancellation that comes late.
    const { rows } = await scope('a').run(() => pool.query('SELECT pg_backend_pid() AS pid FROM pg_sleep(0.01)'))
    seen.add(rows[0].pid)
  }
  // A few more than the pool has may be given up where cancelling takes long.
  expect(seen.size).toBeLessThan(10)
})

test('a connection with a transaction that failed is given up', async () => {
  const client = await pool.connect()
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  await client.query('BEGIN')
  const error = await client.query('SELECT 1 / 0').catch((error) => error)
  client.release(error)
  expect(await backends()).not.toContain(rows[0].pid)
})

test('a group leaves more connections to others while they use the pool, too', async () => {
  const shared = new FairPool({
    ...{ url: database.url, max: 6, perGroupBesideOthers: 2, statementTimeoutMs: 5_000, onError: () => {} },
    cancel: async () => {},
  })
  const hold = async (group: string) => {
    const client = await scope(group).run(() => shared.connect())
    return { release: () => client.release() }
  }
  const held = async (group: string, count: number) => Promise.all(Array.from({ length: count }, () => hold(group)))
  const release = (clients: { release(): void }[]) => {
    for (const client of clients) client.release()
  }
  // Alone, all but two; statements of no caller do not count.
  await shared.query('SELECT 1')
  release(await held('a', 4))
  const other = await hold('b')
  const two = await held('a', 2)
  let isThird = false
  const more = held('a', 2).then((clients) => {
    isThird = true
    return clients
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(isThird).toBe(false)
  // As soon as it is alone again it gets all that it waits for.
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  release([other])
  release(await more)
  release(two)
  await shared.end()
})

test('a connection is given up when its statement cannot be cancelled, and the others are not kept waiting', async () => {
  let cancelled = 0
  const stuck = new FairPool({
    ...{ url: database.url, max: 3, statementTimeoutMs: 300, onError: () => {} },
    cancel: () => {
      cancelled += 1
      return new Promise<never>(() => {})
    },
  })
  const ending = new AbortController()
  const own = scope('a', { signal: ending.signal })
  const slow = own.run(() => stuck.query('SELECT pg_sleep(5)')).catch((error) => error)
  setTimeout(() => ending.abort(new Error('enough')), 50)
  expect(await slow).toMatchObject({ code: '57014' })
  expect(cancelled).toBe(1)
  expect((await scope('a').run(() => stuck.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }])
  await stuck.end()
})
