/**
 * A backup of a running server, restored into an empty directory: the same figures, an executing run goes on, old cursors expire.
 */
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { restoreBackup } from '../../src/engine/backup/restore-backup.ts'
import { writeBackup } from '../../src/engine/backup/write-backup.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { followEchoRun, makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { ask, makeTemporary, spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'

const figures = `query ($id: ID!) {
  run(id: $id) {
    name status progress { total succeeded failed } durationMs metadata cursor
    stats { latencyMs { count avg p50 p95 } scores { name count mean stderr missingCount } }
    dataset { name version itemCount baseline { run { id } } }
    items(first: 100) { nodes { id status output latencyMs traceId scores { id name value } datasetItem { id key } } }
  }
  datasets { nodes { id name metadata } }
  evaluators { nodes { id name version active } }
  scoreConfigs { nodes { name min max } }
}`

const hurry = 'mutation ($id: ID!) { updateRun(input: { id: $id, concurrency: 40 }) { __typename } }'

const prepare = `mutation ($run: ID!, $item: ID!) {
  createEvaluator(input: { name: "long", datasetIds: null, definition: { module: { name: "long" } } }) { __typename }
  setScoreConfig(input: { name: "tone", dataType: NUMERIC, direction: HIGHER_IS_BETTER, min: -1.5, max: 0.1 }) { __typename }
  setScore(input: { name: "tone", value: 0.1, source: HUMAN, target: { runItemId: $item } }) { __typename }
  approveBaseline(input: { runId: $run }) { __typename }
}`

test('everything is there after a restore, an executing run goes on, and old cursors expire', async () => {
  const cwd = await makeEchoProject()
  const server = await spawnServer([], { cwd })
  const ended = await startEchoRun(server.url, 'echo', [1, 2, 3])
  const [item] = await followEchoRun(server.url, ended)
  await ask(server.url, prepare, { run: ended, item: item?.id })
  const file = new Blob([new Uint8Array([0, 255, 10, 92])], { type: 'image/png' })
  const uploaded = await fetch(`${server.url}/attachments`, { method: 'POST', body: file })
  const { id: attachment } = (await uploaded.json()) as { id: string }
  await ask(
    server.url,
    `mutation ($item: JSON!) { upsertDatasetItems(input: { datasetId: "${await datasetId(server.url, 'echo')}", items: [{ key: "file", input: $item }] }) { __typename } }`,
    { item: { $file: attachment, text: 'tab\t, \\N and "quotes"\u2028', number: 0.1 } },
  )
  // Two minutes, unless it is hurried.
  const waits = Array.from({ length: 40 }, () => 3_000)
  const executing = await startEchoRun(server.url, 'sleep', waits, { concurrency: 1 })
  const succeeded = async (url: string) => {
    const query = 'query ($id: ID!) { run(id: $id) { progress { succeeded } } }'
    const { run } = await ask<{ run: { progress: { succeeded: number } } }>(url, query, { id: executing })
    return run.progress.succeeded
  }
  await expect.poll(() => succeeded(server.url)).toBeGreaterThan(0)

  const backup = spawnAssay(['backup', 'assay.zip', '--json'], { cwd })
  expect(await backup.exited, backup.stderr).toBe(0)
  const before = await ask<{ run: { cursor: string } }>(server.url, figures, { id: ended })
  const again = spawnAssay(['backup', 'assay.zip'], { cwd })
  expect(await again.exited).toBe(1)
  expect(again.stderr).toContain('assay.zip exists')
  server.process.kill('SIGTERM')
  await server.exited

  const elsewhere = join(await makeTemporary(), 'data')
  const restore = spawnAssay(['restore', 'assay.zip', '--data-dir', elsewhere], { cwd })
  expect(await restore.exited, restore.stderr).toBe(0)
  expect(restore.stdout).toMatch(/^\d+ rows of \d+ tables, as of /)
  const next = await spawnServer(['--data-dir', elsewhere], { cwd })
  const atFirst = await succeeded(next.url)
  expect(atFirst).toBeLessThan(40)
  const after = await ask<{ run: { cursor: string } }>(next.url, figures, { id: ended })
  expect(after.run.cursor).not.toBe(before.run.cursor)
  expect({ ...after, run: { ...after.run, cursor: '' } }).toEqual({ ...before, run: { ...before.run, cursor: '' } })
  const content = await fetch(`${next.url}/attachments/${attachment}`)
  expect([...new Uint8Array(await content.arrayBuffer())]).toEqual([0, 255, 10, 92])
  expect(await refusal(next.url, ended, before.run.cursor)).toBe('CURSOR_EXPIRED')

  await ask(next.url, hurry, { id: executing })
  const items = await followEchoRun(next.url, executing)
  expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 'SUCCEEDED'))
  // New rows get numbers that none has.
  const failing = await startEchoRun(next.url, 'fail', [1, 2])
  expect(await followEchoRun(next.url, failing)).toHaveLength(2)
}, 240_000)

async function datasetId(url: string, name: string): Promise<string> {
  const { dataset } = await ask<{ dataset: { id: string } }>(
    url,
    'query ($name: String!) { dataset(name: $name) { id } }',
    { name },
  )
  return dataset.id
}

/** The code of the error for a feed from a cursor. */
async function refusal(url: string, runId: string, after: string): Promise<unknown> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, retryAttempts: 0 })
  try {
    const query = 'subscription ($runId: ID!, $after: String) { runFeed(runId: $runId, after: $after) { done } }'
    for await (const { errors } of client.iterate({ query, variables: { runId, after } }))
      return errors?.[0]?.extensions?.code
  } catch (error) {
    return (error as { extensions?: { code?: string } }[])[0]?.extensions?.code
  } finally {
    await client.dispose()
  }
}

async function dumped(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ definition: string }>(
    `SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || convalidated AS definition
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     UNION ALL SELECT tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
     ORDER BY 1`,
  )
  await client.end()
  return rows.map(({ definition }) => definition).join('\n')
}

test('a restore leaves constraints and triggers as they were, and is all or nothing', async () => {
  const directory = await makeTemporary()
  const file = join(directory, 'backup.zip')
  const from = await createTestDatabase()
  onTestFinished(() => from.drop())
  await writeBackup(from.url, createWriteStream(file), { version: '0' })
  const to = await createTestDatabase('template0')
  onTestFinished(() => to.drop())

  const bytes = await readFile(file)
  const damaged = join(directory, 'damaged.zip')
  await writeFile(damaged, bytes.subarray(0, bytes.length - 40))
  await expect(restoreBackup(to.url, damaged)).rejects.toThrow(/damaged\.zip is (damaged|not a backup)/)
  await writeFile(damaged, 'not a zip')
  await expect(restoreBackup(to.url, damaged)).rejects.toThrow('damaged.zip is not a backup of Assay')
  await expect(restoreBackup(to.url, join(directory, 'none.zip'))).rejects.toThrow('There is no file')

  await restoreBackup(to.url, file)
  expect(await dumped(to.url)).toBe(await dumped(from.url))
  // Nobody has used it, so it may be filled again.
  await restoreBackup(to.url, file)
  const client = new Client({ connectionString: to.url })
  await client.connect()
  await client.query(`INSERT INTO project (name) VALUES ('another')`)
  await client.end()
  await expect(restoreBackup(to.url, file)).rejects.toThrow('The database is not empty (there are rows in project)')
})

test('a database that somebody begins to use during a restore keeps its rows; an empty one has nothing to back up', async () => {
  const file = join(await makeTemporary(), 'backup.zip')
  const from = await createTestDatabase()
  onTestFinished(() => from.drop())
  await writeBackup(from.url, createWriteStream(file), { version: '0' })
  const empty = await createTestDatabase('template0')
  onTestFinished(() => empty.drop())
  await expect(writeBackup(empty.url, createWriteStream(`${file}.no`), { version: '0' })).rejects.toThrow(
    'There is no Assay in the database: nothing to back up.',
  )

  const client = new Client({ connectionString: from.url })
  await client.connect()
  await client.query('BEGIN')
  await client.query(`INSERT INTO project (name) VALUES ('another')`)
  const refused = expect(restoreBackup(from.url, file)).rejects.toThrow('The database is not empty')
  const watcher = new Client({ connectionString: from.url })
  await watcher.connect()
  const waiting = async () => (await watcher.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount
  await expect.poll(waiting).toBeGreaterThan(0)
  await client.query('COMMIT')
  await refused
  await client.end()
  await watcher.end()
})

test('a backup of a newer Assay is refused', async () => {
  const file = join(await makeTemporary(), 'backup.zip')
  const from = await createTestDatabase()
  onTestFinished(() => from.drop())
  const client = new Client({ connectionString: from.url })
  await client.connect()
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '29990101000000_future', now())`,
  )
  await client.end()
  await writeBackup(from.url, createWriteStream(file), { version: '9' })
  const to = await createTestDatabase('template0')
  onTestFinished(() => to.drop())
  await expect(restoreBackup(to.url, file)).rejects.toThrow(
    'The backup is of a newer Assay, whose migration 29990101000000_future',
  )
})
