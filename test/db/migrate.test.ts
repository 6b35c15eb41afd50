import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { createTestDatabase } from '../helpers/database.ts'

test('a new database gets every migration, and a second run finds nothing to do', async () => {
  const url = await emptyDatabase()
  const first = await migrate(url)
  expect(first.applied).toContain('20261122000000_init')
  expect(await migrate(url)).toEqual({ applied: [] })
})

async function emptyDatabase(): Promise<string> {
  const database = await createTestDatabase('template0')
  onTestFinished(() => database.drop())
  return database.url
}
