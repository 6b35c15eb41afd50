/** What docs/operations.md promises about an upgrade that is incompatible with old processes. */
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { updateRun } from '../../src/engine/runs/update-run.ts'
import { createTestEngine, followRun } from '../helpers/engine.ts'
import { addEvaluator, auditRun, spawnEndpoint, spawnWorker, startEndpointRun } from '../helpers/fault-lab.ts'
import { newerVersion } from '../helpers/migrations.ts'
import { spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

/** Fails while a process works. */
const alone = `DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM run_item WHERE lease IS NOT NULL) THEN RAISE EXCEPTION 'somebody works'; END IF;
END $$`
const migrations = { '29990101000000_alone_not_additive': alone }

const leaves =
  /A newer Assay is upgrading the database \(29990101000000_alone_not_additive\).*finishes its calls and stops: start the newer version/

test('old processes finish their calls and exit, then the new one continues: every item is called once', async () => {
  const t = await createTestEngine()
  onTestFinished(() => t[Symbol.asyncDispose]())
  await addEvaluator(t)
  const endpoint = await spawnEndpoint()
  const env = { DATABASE_URL: t.db.url, ASSAY_ALLOW_PRIVATE_ENDPOINTS: 'true' }
  const [server, worker] = await Promise.all([spawnServer(['--no-worker'], { env }), spawnWorker(t.db.url, 20)])
  const successor = await newerVersion(migrations)
  const size = 1_500
  const settings = { concurrency: 8, maxAttempts: 1 }
  const runId = await startEndpointRun(t, endpoint, { items: size, path: '/answer?ms=300', settings })
  await expect.poll(async () => (await endpoint.calls()).length).toBeGreaterThan(8)

  const newer = spawnNode([successor, 'serve', '--port', '0'], { env })
  for (const old of [server, worker]) {
    expect(await old.exited).toBe(1)
    expect(old.stderr).toMatch(leaves)
    expect(old.stderr).toContain('Stopped.')
  }
  const { succeeded = 0 } = await auditRun(t, runId)
  expect(succeeded, 'the run must outlast the old processes').toBeLessThan(size)
  await newer.says(/Press Ctrl-C to stop/)
  await updateRun(t.services, t.scope, { id: runId, concurrency: 200 })
  expect(newer.stderr).toMatch(
    new RegExp(
      `is waiting for processes of an older Assay to stop: .*assay ${worker.process.pid} on \\S+ \\(connection`,
    ),
  )
  expect((await followRun(t, runId)).run).toMatchObject({ status: 'COMPLETED', succeeded: size, failed: 0 })
  expect(await endpoint.calls()).toHaveLength(size)
  expect(await auditRun(t, runId)).toMatchObject({ items: size, succeeded: size, scores: size, leased: 0 })

  const late = spawnNode(['src/cli/bin.mjs', 'worker'], { env })
  expect(await late.exited).toBe(1)
  expect(late.stderr).toContain('The database is newer than this Assay')
}, 120_000)

test('a worker that missed the announcement exits when it reconnects', async () => {
  const t = await createTestEngine()
  onTestFinished(() => t[Symbol.asyncDispose]())
  const worker = await spawnWorker(t.db.url, 20)
  const directory = join(await newerVersion(migrations), '../../../prisma/migrations')
  const client = new Client({ connectionString: t.db.url })
  await client.connect()
  const name = `assay ${worker.process.pid} on %`
  const cut = 'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE $1'
  expect((await client.query(cut, [name])).rowCount).toBe(1)
  await client.end()
  expect((await migrate(t.db.url, { directory })).applied).toEqual(Object.keys(migrations))
  expect(await worker.exited).toBe(1)
  expect(worker.stderr).toMatch(/A newer Assay is upgrading the database/)
})
