import { afterAll, expect, test } from 'vitest'
import { openDatabase, openRequestDatabase } from '../../src/db/client.ts'
import { explainRefusal } from '../../src/db/explain-refusal.ts'
import { StatementScope } from '../../src/db/statement-scope.ts'
import { LimitError } from '../../src/domain/errors.ts'
import { createTestDatabase } from '../helpers/database.ts'

const database = await createTestDatabase()
const db = openDatabase(database.url)
afterAll(async () => {
  await db.close()
  await database.drop()
})

const failing = (sql: string) => db.pool.query(sql).then(() => 'nothing failed', explainRefusal)
const raise = (code: string) => `DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${code}'; END $$`

test.each([
  ['a number out of range', `SELECT '1e400'::float8`, 'INVALID_INPUT'],
  ['a text that is no time', `SELECT 'x'::timestamptz`, 'INVALID_INPUT'],
  [
    'a text that is too long for an index',
    `CREATE TEMP TABLE label AS SELECT ''::text AS text; CREATE INDEX ON label (text);
     INSERT INTO label SELECT string_agg(md5(n::text), '') FROM generate_series(1, 600) n`,
    'INVALID_INPUT',
  ],
  ['a row that is referred to and deleted', raise('23503'), 'CONFLICT'],
  ['the same row twice', raise('23505'), 'CONFLICT'],
  ['changes that contradict each other', raise('40001'), 'CONFLICT'],
  ['a deadlock', raise('40P01'), 'CONFLICT'],
  ['a statement that takes too long', `SET statement_timeout = 50; SELECT pg_sleep(5)`, 'LIMIT'],
])('%s is a mistake of the caller or of the moment', async (_what, sql, code) => {
  expect(await failing(sql)).toMatchObject({ code, message: expect.any(String) })
})

test('what Prisma says of a row that is gone is a conflict', async () => {
  const change = db.prisma.dataset.update({ where: { id: crypto.randomUUID() }, data: { name: 'x' } })
  expect(explainRefusal(await change.catch((error: unknown) => error))).toMatchObject({ code: 'CONFLICT' })
})

test('a limit of the statements of a request is one through Prisma, too', async () => {
  const requests = openRequestDatabase(db)
  const signal = AbortSignal.abort(new LimitError('This reads too much.'))
  const read = () => requests.prisma.dataset.findUnique({ where: { id: crypto.randomUUID() } })
  const error = await new StatementScope({ group: 'a', kind: 'READ', signal }).run(() => read().catch((error) => error))
  expect(explainRefusal(error)).toEqual(new LimitError('This reads too much.'))
  await requests.close()
})

test('a defect stays one', async () => {
  expect(await failing('SELECT nothing')).not.toHaveProperty('path')
})
