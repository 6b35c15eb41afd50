import { afterAll, beforeAll, expect, test } from 'vitest'
import { queryRows } from '../../src/db/query-rows.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

test.each([
  ['UTC', '2026-11-25 23:58:08.123456+00'],
  ['UTC', '2026-11-25 23:58:08+00'],
  ['UTC', '0042-03-01 00:00:00+00'],
  ['UTC', '12026-11-25 23:58:08+00'],
  ['UTC', '0044-03-15 12:00:00+00 BC'],
  ['Asia/Kathmandu', '2026-11-25 23:58:08.5+00'],
  ['America/St_Johns', '2026-11-25 23:58:08.5+00'],
])('in the time zone %s the timestamp %s is the instant that the database means', async (zone, timestamp) => {
  const client = await t.db.pool.connect()
  try {
    await client.query(`SET TIME ZONE '${zone}'`)
    const [row] = await queryRows<{ at: Date; ms: bigint }>(
      client,
      'SELECT $1::timestamptz AS at, (extract(epoch FROM date_trunc($2, $1::timestamptz)) * 1000)::int8 AS ms',
      [timestamp, 'milliseconds'],
    )
    expect(row?.at.getTime()).toBe(Number(row?.ms))
  } finally {
    client.release(true)
  }
})

test.each([
  [[]],
  [['1', '2.5', '-infinity']],
  [['a b', '', 'NULL', 'null', '{', '}', '"', '\\', ',', 'ünïcode']],
  [['a', null, 'NULL']],
  [[null]],
  [
    [
      ['a', 'b'],
      ['c', null],
    ],
  ],
])('the texts %j of an array are those that the database has', async (texts) => {
  const [row] = await queryRows<{ texts: unknown }>(t.db.pool, 'SELECT $1::text[] AS texts', [texts])
  expect(row?.texts).toEqual(texts)
})

test('an array of texts that does not begin with its first place has all of them', async () => {
  const [row] = await queryRows<{ texts: unknown }>(t.db.pool, `SELECT '[0:1]={a,b}'::text[] AS texts`)
  expect(row?.texts).toEqual(['a', 'b'])
})
