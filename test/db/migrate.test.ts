import { expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, migrationsDirectory, rows } from '../helpers/migrations.ts'
import { prismaDeploy } from '../helpers/prisma-engine.ts'

const first = { '1_first': 'CREATE TABLE fruit (name TEXT)' }
const second = { '2_second': `INSERT INTO fruit VALUES ('apple'); CREATE TABLE tree (name TEXT)` }

test('a new database gets all migrations, and a second run has nothing to do', async () => {
  const url = await emptyDatabase()
  expect((await migrate(url)).applied).toContain('20261122000000_init')
  expect(await migrate(url)).toEqual({ applied: [] })
})

test('an older database gets only the missing ones, in order', async () => {
  const url = await emptyDatabase()
  expect(await migrate(url, { directory: await migrationsDirectory(first) })).toEqual({ applied: ['1_first'] })
  expect(await migrate(url, { directory: await migrationsDirectory({ ...second, ...first }) })).toEqual({
    applied: ['2_second'],
  })
  expect(await rows(url, 'SELECT name FROM fruit')).toEqual([{ name: 'apple' }])
})

test('processes that migrate at once apply everything exactly once', async () => {
  const url = await emptyDatabase()
  const migrations = await migrationsDirectory({ ...first, ...second })
  const results = await Promise.all(Array.from({ length: 6 }, () => migrate(url, { directory: migrations })))
  expect(results.flatMap(({ applied }) => applied)).toEqual(['1_first', '2_second'])
  expect(await rows(url, 'SELECT name FROM fruit')).toEqual([{ name: 'apple' }])
})

test('a failing migration is named and rolled back as a whole, and those before it stay', async () => {
  const url = await emptyDatabase()
  const broken = { '2_broken': `INSERT INTO fruit VALUES ('plum'); SELECT 1 / 0` }
  await expect(migrate(url, { directory: await migrationsDirectory({ ...first, ...broken }) })).rejects.toMatchObject({
    code: 'FAILED',
    message: 'The migration 2_broken failed and was rolled back: division by zero',
  })
  expect(await rows(url, 'SELECT name FROM fruit')).toEqual([])
  expect(await migrate(url, { directory: await migrationsDirectory({ ...first, ...second }) })).toEqual({
    applied: ['2_second'],
  })
})

test('a migration that was edited after it was applied is refused', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory(first) })
  const edited = await migrationsDirectory({ '1_first': 'CREATE TABLE fruit (name TEXT NOT NULL)' })
  await expect(migrate(url, { directory: edited })).rejects.toMatchObject({
    code: 'CHANGED',
    message: expect.stringMatching(/^The migration 1_first has changed .*restore the file/),
  })
})

test('line endings converted by a checkout are not a change', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory({ '1_first': 'CREATE TABLE fruit (\n name TEXT\n)' }) })
  const converted = await migrationsDirectory({ '1_first': 'CREATE TABLE fruit (\r\n name TEXT\r\n)' })
  expect(await migrate(url, { directory: converted })).toEqual({ applied: [] })
})

test('a database that is newer than the code is refused', async () => {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory({ ...first, ...second }) })
  await expect(migrate(url, { directory: await migrationsDirectory(first) })).rejects.toMatchObject({
    code: 'NEWER',
    message: expect.stringMatching(/newer than this Assay.*2_second.*update Assay/),
  })
})

test('a migration that prisma migrate did not finish is refused; one that it marked as rolled back is applied', async () => {
  const url = await emptyDatabase()
  const migrations = await migrationsDirectory(first)
  await migrate(url, { directory: await migrationsDirectory({}) })
  await rows(url, `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'abc', '1_first')`)
  await expect(migrate(url, { directory: migrations })).rejects.toMatchObject({ code: 'UNFINISHED' })
  await rows(url, 'UPDATE _prisma_migrations SET rolled_back_at = now()')
  expect(await migrate(url, { directory: migrations })).toEqual({ applied: ['1_first'] })
})

test('prisma migrate deploy has nothing to do after Assay, and Assay has nothing to do after it', async () => {
  const ours = await emptyDatabase()
  const { applied } = await migrate(ours)
  expect(await prismaDeploy(ours)).toEqual([])

  const prismas = await emptyDatabase()
  expect(await prismaDeploy(prismas)).toEqual(applied)
  expect(await migrate(prismas)).toEqual({ applied: [] })
})
