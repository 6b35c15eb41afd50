/** A migration that older processes cannot work beside gets exclusive access to the database. */
import { readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/db/listener.ts'
import { migrate } from '../../src/db/migrate.ts'
import { isAdditive, lockSchema, SchemaLock } from '../../src/db/schema-lock.ts'
import { emptyDatabase, migrationsDirectory, rows } from '../helpers/migrations.ts'
import { root } from '../helpers/spawn-assay.ts'

const old = { '1_fruit': 'CREATE TABLE fruit (name TEXT)' }
const additive = { ...old, '2_tree': 'CREATE TABLE tree (name TEXT)' }
const notAdditive = { ...additive, '3_no_fruit_not_additive': 'DROP TABLE fruit' }

test('it waits until every process has stopped, and names those it waits for', async () => {
  const url = await oldDatabase()
  const first = await startProcess(url)
  const second = await startProcess(url)
  const left: string[] = []
  const said: string[] = []
  void first.lock.outdated.then(async () => {
    left.push('first')
    await first.listener.close()
  })
  const onWait = (message: string) => {
    said.push(message)
    if (said.length < 2) return
    left.push('second')
    void second.listener.close()
  }
  const { applied } = await migrate(url, { directory: await migrationsDirectory(notAdditive), onWait })
  expect(applied).toEqual(['2_tree', '3_no_fruit_not_additive'])
  expect(left).toEqual(['first', 'second'])
  const name = `assay ${process.pid} on ${hostname()}`
  expect(said.map((message) => message.split(name).length - 1)).toEqual([2, 1])
  expect(said[0]).toMatch(
    /^The migration 3_no_fruit_not_additive is waiting for processes of an older Assay to stop: assay/,
  )
  for (const { lock } of [first, second]) {
    expect(await lock.outdated).toMatchObject({
      code: 'OUTDATED',
      message: expect.stringMatching(/3_no_fruit_not_additive.*finishes its calls and stops: start the newer version/),
    })
  }
})

test('it names the processes that do not stop, changes nothing, and is applied later', async () => {
  const url = await oldDatabase()
  const { listener } = await startProcess(url)
  const directory = await migrationsDirectory(notAdditive)
  await expect(migrate(url, { directory, waitMs: 100 })).rejects.toMatchObject({
    code: 'IN_USE',
    message: expect.stringMatching(
      new RegExp(
        `3_no_fruit_not_additive .*are still using it: assay ${process.pid} on .* \\(connection \\d+.*Stop them`,
      ),
    ),
  })
  expect(await rows(url, 'SELECT * FROM fruit, tree')).toEqual([])
  await listener.close()
  expect(await migrate(url, { directory })).toEqual({ applied: ['3_no_fruit_not_additive'] })
})

test('several processes that apply it concurrently apply it once', async () => {
  const url = await oldDatabase()
  const { lock, listener } = await startProcess(url)
  void lock.outdated.then(() => listener.close())
  const directory = await migrationsDirectory(notAdditive)
  const results = await Promise.all([1, 2, 3].map(() => migrate(url, { directory })))
  expect(results.flatMap(({ applied }) => applied)).toEqual(['2_tree', '3_no_fruit_not_additive'])
})

test('a migrator whose connection is lost while it waits fails, and harms nobody', async () => {
  const url = await oldDatabase()
  await startProcess(url)
  const directory = await migrationsDirectory(notAdditive)
  const onWait = () =>
    void rows(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'assay migrate %'`,
    )
  await expect(migrate(url, { directory, onWait })).rejects.toThrow(/terminat|not queryable/)
  expect(await rows(url, 'SELECT * FROM fruit, tree')).toEqual([])
})

test('an additive one stops no process, not even after a lost connection', async () => {
  const url = await oldDatabase()
  const { lock, listener } = await startProcess(url)
  expect((await migrate(url, { directory: await migrationsDirectory(additive) })).applied).toEqual(['2_tree'])
  await cutConnections(url, listener)
  expect(await Promise.race([lock.outdated, 'goes on'])).toBe('goes on')
})

test('a process whose connection was lost in the meantime notices when it reconnects', async () => {
  const url = await oldDatabase()
  const { lock } = await startProcess(url)
  // Prisma does not ask other processes to stop.
  await rows(
    url,
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('3', '', '3_no_fruit_not_additive', now())`,
  )
  await cutConnections(url)
  expect(await lock.outdated).toMatchObject({ message: expect.stringContaining('3_no_fruit_not_additive') })
})

test('a process that connects while it is being applied does not start', async () => {
  const url = await oldDatabase()
  const migrator = new Client({ connectionString: url })
  await migrator.connect()
  onTestFinished(() => migrator.end())
  await lockSchema(migrator, '3_no_fruit_not_additive', { waitMs: 0, onWait: () => {} })
  const lock = new SchemaLock(Object.keys(old))
  const listener = new Listener(url, (client) => lock.share(client))
  await expect(listener.start()).rejects.toMatchObject({ code: 'OUTDATED' })
  expect(await lock.outdated).toMatchObject({ code: 'OUTDATED' })
})

test('migrations of Assay that remove something are named accordingly', async () => {
  const directory = join(root, 'prisma/migrations')
  const entries = await readdir(directory, { withFileTypes: true })
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const sql = (await readFile(join(directory, name, 'migration.sql'), 'utf8')).replaceAll(/--.*$/gm, '')
    const takesAway =
      /\b(DROP (TABLE|COLUMN|TYPE|VIEW|SCHEMA|SEQUENCE)|RENAME|ALTER (COLUMN )?\S+ (SET DATA )?TYPE|SET NOT NULL)\b/i.test(
        sql,
      )
    if (takesAway) expect(isAdditive(name), `${name} must end in _not_additive`).toBe(false)
  }
})

async function oldDatabase(): Promise<string> {
  const url = await emptyDatabase()
  await migrate(url, { directory: await migrationsDirectory(old) })
  return url
}

/** The parts of an old process that are involved. */
async function startProcess(url: string): Promise<{ lock: SchemaLock; listener: Listener }> {
  const lock = new SchemaLock(Object.keys(old))
  const listener = await new Listener(url, (client) => lock.share(client)).start()
  lock.watch(listener)
  onTestFinished(() => listener.close())
  return { lock, listener }
}

/** Terminates all listening connections; with a listener, waits until it has reconnected. */
async function cutConnections(url: string, listener?: Listener): Promise<void> {
  const reconnected = new Promise<void>((resolve) => listener?.on('assay_echo', () => {}, resolve))
  await rows(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'assay % on %'`,
  )
  if (listener) await reconnected
}
