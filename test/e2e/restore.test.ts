/**
 * What docs/operations.md promises about backups: a database restored to a moment during a run continues from there.
 */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../helpers/database.ts'
import { followEchoRun, makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { ask, spawnServer } from '../helpers/spawn-assay.ts'

const hurry = 'mutation ($id: ID!) { updateRun(input: { id: $id, concurrency: 40 }) { __typename } }'

test('a run that was executing during the backup completes after the restore, even without the queue', async () => {
  const cwd = await makeEchoProject()
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const server = await spawnServer([], { cwd, env: { DATABASE_URL: database.url } })
  const inputs = Array.from({ length: 40 }, () => 500)
  const runId = await startEchoRun(server.url, 'sleep', inputs, { concurrency: 2 })
  const succeeded = async (url: string) => {
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ succeeded: number; running: number }>('SELECT succeeded, running FROM run')
    await client.end()
    return rows[0]
  }
  await expect.poll(async () => (await succeeded(database.url))?.succeeded).toBeGreaterThan(5)
  server.process.kill('SIGKILL')
  await server.exited

  // Like a dump, a copy has everything committed at one moment.
  const name = new URL(database.url).pathname.slice(1)
  const admin = new Client({ connectionString: database.url.replace(name, 'postgres') })
  await admin.connect()
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
  await admin.end()
  const restored = await createTestDatabase(name)
  onTestFinished(() => restored.drop())
  const before = await succeeded(restored.url)
  expect(before?.succeeded).toBeLessThan(40)
  expect(before?.running).toBeGreaterThan(0)
  const client = new Client({ connectionString: restored.url })
  await client.connect()
  await client.query('DROP SCHEMA pgboss CASCADE')
  await client.end()

  const next = await spawnServer([], { cwd, env: { DATABASE_URL: restored.url } })
  await ask(next.url, hurry, { id: runId })
  const items = await followEchoRun(next.url, runId)
  expect(items).toHaveLength(40)
  expect(new Set(items.map(({ status }) => status))).toEqual(new Set(['SUCCEEDED']))
}, 120_000)
