import { expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, migrationsDirectory, rows } from '../helpers/migrations.ts'
import { prismaDeploy } from '../helpers/prisma-engine.ts'

const FIRST = { '1_first': 'CREATE TABLE fruit (name TEXT)' }
const SECOND = { '2_second': `INSERT INTO fruit VALUES ('apple'); CREATE TABLE tree (name TEXT)` }

test('a new database gets our migrations, and a second run finds nothing to do', async () => {
  const url = await emptyDatabase()
  expect((await migrate(url)).applied).toContain('20261122000000_init')
  expect(await migrate(url)).toEqual({ applied: [] })
})

test('an older database gets only what is missing, in order', async () => {
  const url = await emptyDatabase()
  expect(await migrate(url, { directory: await migrationsDirectory(FIRST) })).toEqual({ applied: ['1_first'] })
  expect(await migrate(url, { directory: await migrationsDirectory({ ...SECOND, ...FIRST }) })).toEqual({
    applied: ['2_second'],
  })
  expect(await rows(url, 'SELECT name FROM fruit')).toEqual([{ name: 'apple' }])
})

test('processes that migrate at once apply everything exactly once', async () => {
  const url = await emptyDatabase()
  const migrations = await migrationsDirectory({ ...FIRST, ...SECOND })
  const results = await Promise.all(Array.from({ length: 6 }, () => migrate(url, { directory: migrations })))
  expect(results.flatMap(({ applied }) => applied)).toEqual(['1_first', '2_second'])
  expect(await rows(url, 'SELECT name FROM fruit')).toEqual([{ name: 'apple' }])
})

test('a failing migration is undone as a whole, named, and what came before it stays', async () => {
  const url = await emptyDatabase()
  const broken = { '2_broken': `INSERT INTO fruit VALUES ('plum'); SELECT 1 / 0` }
  await expect(migrate(url, { directory: await migrationsDirectory({ ...FIRST, ...broken }) })).rejects.toMatchObject({
    code: 'FAILED',
    message: 'The migration 2_broken failed and was undone: division by zero',
  })
  expect(await rows(url, 'SELECT name FROM fruit')).toEqual([])
  expect(await migrate(url, { directory: await migrationsDirectory({ ...FIRST, ...SECOND }) })).toEqual({
    applied: ['2_second'],
  })
})

test('a migration that was edited after it was applied is refused', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory(FIRST) })
  const edited = await migrationsDirectory({ '1_first': 'CREATE TABLE fruit (name TEXT NOT NULL)' })
  await expect(migrate(url, { directory: edited })).rejects.toMatchObject({
    code: 'CHANGED',
    message: expect.stringMatching(/^The migration 1_first has changed .*restore the file/),
  })
})

test('line ends that a checkout converted are no change', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory({ '1_first': 'CREATE TABLE fruit (\n name TEXT\n)' }) })
  const converted = await migrationsDirectory({ '1_first': 'CREATE TABLE fruit (\r\n name TEXT\r\n)' })
  expect(await migrate(url, { directory: converted })).toEqual({ applied: [] })
})

test('a database that is newer than the code is refused', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory({ ...FIRST, ...SECOND }) })
  await expect(migrate(url, { directory: await migrationsDirectory(FIRST) })).rejects.toMatchObject({
    code: 'NEWER',
    message: expect.stringMatching(/newer than this Assay.*2_second.*update Assay/),
  })
})

test('what prisma migrate began and did not finish is refused; what it marked as rolled back is applied', async () => {
  const url = await emptyDatabase()
  const migrations = await migrationsDirectory(FIRST)
  await migrate(url, { directory: await migrationsDirectory({}) })
  await rows(url, `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'abc', '1_first')`)
  await expect(migrate(url, { directory: migrations })).rejects.toMatchObject({ code: 'UNFINISHED' })
  await rows(url, 'UPDATE _prisma_migrations SET rolled_back_at = now()')
  expect(await migrate(url, { directory: migrations })).toEqual({ applied: ['1_first'] })
})

test('prisma migrate deploy finds nothing to do after us, and we find nothing to do after it', async () => {
  const ours = await emptyDatabase()
  const { applied } = await migrate(ours)
  expect(await prismaDeploy(ours)).toEqual([])

  const prismas = await emptyDatabase()
  expect(await prismaDeploy(prismas)).toEqual(applied)
  expect(await migrate(prismas)).toEqual({ applied: [] })
})
