import { afterAll, expect, test } from 'vitest'
import { openDatabase, openRequestDatabase } from '../../src/db/client.ts'
import { queryWithinBytes } from '../../src/db/query-within-bytes.ts'
import { StatementScope } from '../../src/db/statement-scope.ts'
import { createTestDatabase } from '../helpers/database.ts'

const database = await createTestDatabase()
const db = openDatabase(database.url, { max: 1 })
afterAll(async () => {
  await db.close()
  await database.drop()
})

/** Rows of n and a text of `length` characters. */
const rowsOf = (count: number, length: number) => ({
  text: `SELECT n, repeat('x', $2::int) AS text FROM generate_series(1, $1::int) n`,
  values: [count, length],
})

test('rows that weigh little all come', async () => {
  const { rows, cut } = await queryWithinBytes<{ n: number }>(db.pool, rowsOf(100, 10), 1_000_000)
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(cut).toBe(false)
})

test('rows come until the next one would be too much', async () => {
  const { rows, cut } = await queryWithinBytes(db.pool, rowsOf(100, 100_000), 1_050_000)
  expect(rows).toHaveLength(10)
  expect(cut).toBe(true)
})

test('one row comes whatever it weighs', async () => {
  const { rows, cut } = await queryWithinBytes(db.pool, rowsOf(3, 1_000_000), 1_000)
  expect(rows).toHaveLength(1)
  expect(cut).toBe(true)
  expect(await queryWithinBytes(db.pool, rowsOf(0, 1), 1_000)).toEqual({ rows: [], cut: false })
})

test('rows that are left out are not even computed', async () => {
  const failsLater = {
    text: 'SELECT repeat($1, 10) AS text, 1 / (20 - n) FROM generate_series(1, 100) n',
    values: ['x'],
  }
  expect((await queryWithinBytes(db.pool, failsLater, 30)).rows).toHaveLength(1)
})

test('a statement that fails leaves its connection as it was', async () => {
  await expect(
    queryWithinBytes(db.pool, { text: 'SELECT 1 / (3 - n) FROM generate_series(1, 9) n' }, 1_000),
  ).rejects.toThrow('zero')
  const client = await db.pool.connect()
  try {
    await expect(queryWithinBytes(client, { text: 'SELECT nothing' }, 1_000)).rejects.toThrow('nothing')
    expect((await queryWithinBytes(client, rowsOf(1, 1), 1_000)).rows).toHaveLength(1)
  } finally {
    client.release()
  }
})

test('a statement is read at once where its rows were small before', async () => {
  // Fails at its 20th row, which is only computed when rows are read beyond the limit.
  const rows = (count: number) => ({
    text: 'SELECT $1::text, 1 / (20 - n) FROM generate_series(1, $2::int) n',
    values: ['a run', count],
  })
  expect((await queryWithinBytes(db.pool, rows(100), 30)).rows).toHaveLength(1)
  await expect(queryWithinBytes(db.pool, rows(100), 30)).rejects.toThrow('zero')
  expect((await queryWithinBytes(db.pool, rows(10), 1_000)).rows).toHaveLength(10)
})

test('rows that became large are cut, and those left out count for no scope', async () => {
  const requests = openRequestDatabase(db)
  const rows = (length: number) => ({
    text: `SELECT $1::text, repeat('x', $2::int) AS text FROM generate_series(1, 100) n`,
    values: ['a run', length],
  })
  const read = (length: number) =>
    new StatementScope({ group: 'a', kind: 'READ', maxBytes: 2_000_000 }).run(() =>
      queryWithinBytes(requests.pool, rows(length), 1_050_000),
    )
  try {
    expect(await read(10)).toMatchObject({ cut: false })
    for (let time = 0; time < 3; time++) {
      const { rows, cut } = await read(100_000)
      expect(rows).toHaveLength(10)
      expect(cut).toBe(true)
    }
  } finally {
    await requests.close()
  }
})
