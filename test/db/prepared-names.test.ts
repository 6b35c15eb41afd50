import { expect, test } from 'vitest'
import { openDatabase } from '../../src/db/client.ts'
import { PreparedNames } from '../../src/db/prepared-names.ts'
import { createTestDatabase } from '../helpers/database.ts'

test('the first texts get a name each and keep it, the others none', () => {
  const names = new PreparedNames(2)
  const [first, second] = [names.of('SELECT 1'), names.of('SELECT 2')]
  expect(first).toBeDefined()
  expect(second).not.toBe(first)
  expect(names.of('SELECT 3')).toBeUndefined()
  expect([names.of('SELECT 1'), names.of('SELECT 2')]).toEqual([first, second])
})

test.each([
  ['are prepared', undefined, true],
  ['are not, through a pooler', 'same', false],
])('statements of Prisma %s', async (_, pooled, expected) => {
  const database = await createTestDatabase()
  const db = openDatabase(database.url, { max: 1, pooledUrl: pooled && database.url })
  await db.prisma.project.findFirst()
  const { rows } = await db.pool.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements')
  await db.close()
  await database.drop()
  expect(rows.some(({ statement }) => statement.includes('"public"."project"'))).toBe(expected)
})
