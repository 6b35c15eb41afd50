/** A migration that processes of an older version cannot bear has the database to itself. */
import { readdir, readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/db/listener.ts'
import { migrate } from '../../src/db/migrate.ts'
import { isAdditive, lockSchema, SchemaLock } from '../../src/db/schema-lock.ts'
import { emptyDatabase, migrationsDirectory, rows } from '../helpers/migrations.ts'
import { ROOT } from '../helpers/spawn-assay.ts'

const OLD = { '1_fruit': 'CREATE TABLE fruit (name TEXT)' }
const ADDITIVE = { ...OLD, '2_tree': 'CREATE TABLE tree (name TEXT)' }
const NOT_ADDITIVE = { ...ADDITIVE, '3_no_fruit_not_additive': 'DROP TABLE fruit' }

test('it waits until every process has left, and says for whom', async () => {
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
  const { applied } = await migrate(url, { directory: await migrationsDirectory(NOT_ADDITIVE), onWait })
  expect(applied).toEqual(['2_tree', '3_no_fruit_not_additive'])
  expect(left).toEqual(['first', 'second'])
  const name = `assay ${process.pid} on ${hostname()}`
  expect(said.map((message) => message.split(name).length - 1)).toEqual([2, 1])
  expect(said[0]).toMatch(/^The migration 3_no_fruit_not_additive waits for processes of an older Assay to stop: assay/)
  for (const { lock } of [first, second]) {
    expect(await lock.outdated).toMatchObject({
      code: 'OUTDATED',
      message: expect.stringMatching(/3_no_fruit_not_additive.*finishes its calls and stops: start the newer version/),
    })
  }
})

test('it names the processes that do not leave, changes nothing, and is applied later', async () => {
  const url = await oldDatabase()
  const { listener } = await startProcess(url)
  const directory = await migrationsDirectory(NOT_ADDITIVE)
  await expect(migrate(url, { directory, waitMs: 100 })).rejects.toMatchObject({
    code: 'IN_USE',
    message: expect.stringMatching(
      new RegExp(
        `3_no_fruit_not_additive .*still work on it: assay ${process.pid} on .* \\(connection \\d+.*Stop them`,
      ),
    ),
  })
  expect(await rows(url, 'SELECT * FROM fruit, tree')).toEqual([])
  await listener.close()
  expect(await migrate(url, { directory })).toEqual({ applied: ['3_no_fruit_not_additive'] })
})

test('several that want to apply it at once ask together and apply it once', async () => {
  const url = await oldDatabase()
  const { lock, listener } = await startProcess(url)
  void lock.outdated.then(() => listener.close())
  const directory = await migrationsDirectory(NOT_ADDITIVE)
  const results = await Promise.all([1, 2, 3].map(() => migrate(url, { directory })))
  expect(results.flatMap(({ applied }) => applied)).toEqual(['2_tree', '3_no_fruit_not_additive'])
})

test('a migrator whose connection is lost while it waits fails, and harms nobody', async () => {
  const url = await oldDatabase()
  await startProcess(url)
  const directory = await migrationsDirectory(NOT_ADDITIVE)
  const onWait = () =>
    void rows(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'assay migrate %'`,
    )
  await expect(migrate(url, { directory, onWait })).rejects.toThrow(/terminat|not queryable/)
  expect(await rows(url, 'SELECT * FROM fruit, tree')).toEqual([])
})

test('nobody is asked to leave for an additive one, nor leaves after it when its connection was cut', async () => {
  const url = await oldDatabase()
  const { lock, listener } = await startProcess(url)
  expect((await migrate(url, { directory: await migrationsDirectory(ADDITIVE) })).applied).toEqual(['2_tree'])
  await cutConnections(url, listener)
  expect(await Promise.race([lock.outdated, 'goes on'])).toBe('goes on')
})

test('a process whose connection was cut meanwhile notices when it has another one', async () => {
  const url = await oldDatabase()
  const { lock } = await startProcess(url)
  // Prisma asks nobody.
  await rows(
    url,
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('3', '', '3_no_fruit_not_additive', now())`,
  )
  await cutConnections(url)
  expect(await lock.outdated).toMatchObject({ message: expect.stringContaining('3_no_fruit_not_additive') })
})

test('a process that connects while it is being applied does not get to work', async () => {
  const url = await oldDatabase()
  const migrator = new Client({ connectionString: url })
  await migrator.connect()
  onTestFinished(() => migrator.end())
  await lockSchema(migrator, '3_no_fruit_not_additive', { waitMs: 0, onWait: () => {} })
  const lock = new SchemaLock(Object.keys(OLD))
  const listener = new Listener(url, (client) => lock.share(client))
  await expect(listener.start()).rejects.toMatchObject({ code: 'OUTDATED' })
  expect(await lock.outdated).toMatchObject({ code: 'OUTDATED' })
})

test('our migrations that take something away are named so', async () => {
  const directory = join(ROOT, 'prisma/migrations')
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
  await migrate(url, { directory: await migrationsDirectory(OLD) })
  return url
}

/** What of an old process has to do with it. */
async function startProcess(url: string): Promise<{ lock: SchemaLock; listener: Listener }> {
  const lock = new SchemaLock(Object.keys(OLD))
  const listener = await new Listener(url, (client) => lock.share(client)).start()
  lock.watch(listener)
  onTestFinished(() => listener.close())
  return { lock, listener }
}

/** Cuts all connections that listen; when a listener is given, waits until it has another one. */
async function cutConnections(url: string, listener?: Listener): Promise<void> {
  const reconnected = new Promise<void>((resolve) => listener?.on('assay_echo', () => {}, resolve))
  await rows(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'assay % on %'`,
  )
  if (listener) await reconnected
}
