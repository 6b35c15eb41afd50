import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, watch } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import { makeDirectory, spawnHolder, spawnProcess, started } from '../helpers/spawn-holder.ts'

test('a server whose holder was killed is taken over with every committed row', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const holder = await spawnHolder(dataDir)
  const { url, pid } = started(holder)
  await query(url, 'CREATE TABLE fruit AS SELECT generate_series(1, 1000) AS id')
  await holder.end('SIGKILL')

  const next = await startEmbeddedPostgres({ dataDir })
  onTestFinished(next.stop)
  expect(next.pid).toBe(pid)
  expect(await query(next.url, 'SELECT count(*)::int FROM fruit')).toEqual([{ count: 1000 }])
})

test('a killed server is restarted under its holder, and no acknowledged row is lost', async () => {
  const server = await startEmbeddedPostgres({ dataDir: join(await makeDirectory(), 'data') })
  onTestFinished(server.stop)
  await query(server.url, 'CREATE TABLE fruit (id INT)')
  const acknowledged: number[] = []
  for (let kills = 0; kills < 3; kills++) {
    const writer = await connect(server.url)
    for (let n = 0; n < 50; n++) {
      const id = acknowledged.length
      await writer.query('INSERT INTO fruit VALUES ($1)', [id])
      acknowledged.push(id)
    }
    const before = server.pid
    if (before) process.kill(before, 'SIGKILL')
    await ended(writer)
    await untilAnswers(server.url)
    expect(server.pid).not.toBe(before)
  }
  const rows = await query(server.url, 'SELECT id FROM fruit ORDER BY id')
  expect(rows).toEqual(acknowledged.map((id) => ({ id })))
})

test('a server that ends after its directory was removed is an error that its holder hears of', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const holder = await spawnHolder(dataDir)
  const { pid } = started(holder)
  await rm(dataDir, { recursive: true })
  process.kill(pid, 'SIGKILL')
  expect(await holder.lost).toEqual({
    code: 'START_FAILED',
    message: expect.stringContaining(`The embedded PostgreSQL in ${dataDir} does not start: `),
  })
})

test('a server that was killed during a long statement is restarted', async () => {
  const server = await startEmbeddedPostgres({ dataDir: join(await makeDirectory(), 'data') })
  onTestFinished(server.stop)
  const busy = await connect(server.url)
  const statement = busy
    .query('SELECT count(*) FROM generate_series(1, 1000000000) AS n')
    .catch((error: Error) => error)
  await untilRuns(server.url, 'generate_series')
  const before = server.pid
  if (before) process.kill(before, 'SIGKILL')
  expect(await statement).toBeInstanceOf(Error)
  await untilAnswers(server.url)
  expect(server.pid).not.toBe(before)
})

test('after one crashed backend the server recovers, and its holder keeps it', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const server = await startEmbeddedPostgres({ dataDir })
  onTestFinished(server.stop)
  const client = await connect(server.url)
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  process.kill(rows[0].pid, 'SIGKILL')
  await ended(client)
  await untilAnswers(server.url)
  await expect.poll(() => isHeld(server.url)).toBe(true)
})

test('holder and server killed together leave a directory that can be started', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const holder = await spawnHolder(dataDir)
  const { url, pid } = started(holder)
  await query(url, 'CREATE TABLE fruit AS SELECT generate_series(1, 1000) AS id')
  process.kill(holder.process.pid ?? 0, 'SIGSTOP')
  process.kill(pid, 'SIGKILL')
  await holder.end('SIGKILL')

  const next = await startEmbeddedPostgres({ dataDir })
  onTestFinished(next.stop)
  expect(next.pid).not.toBe(pid)
  expect(await query(next.url, 'SELECT count(*)::int FROM fruit')).toEqual([{ count: 1000 }])
})

test('a lock file whose process id now belongs to another program does not prevent a start', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const holder = await spawnHolder(dataDir)
  const { pid } = started(holder)
  process.kill(holder.process.pid ?? 0, 'SIGSTOP')
  process.kill(pid, 'SIGKILL')
  await holder.end('SIGKILL')

  const cluster = join(dataDir, 'postgres/cluster')
  const { uid } = await stat(cluster)
  const stranger = spawn('sleep', ['1000'], { uid })
  onTestFinished(() => void stranger.kill('SIGKILL'))
  await once(stranger, 'spawn')
  const lockFile = join(cluster, 'postmaster.pid')
  await writeFile(lockFile, (await readFile(lockFile, 'utf8')).replace(String(pid), String(stranger.pid)))

  const next = await startEmbeddedPostgres({ dataDir })
  onTestFinished(next.stop)
  expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(stranger.exitCode).toBeNull()
})

test('a first start that is killed half-way does not hinder the next', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const home = join(dataDir, 'postgres')
  await mkdir(home, { recursive: true })
  const begun = new Promise<void>((resolve) => {
    const watcher = watch(home, () => {
      if (!readdirSync(home).some((name) => name.startsWith('cluster-unfinished'))) return
      watcher.close()
      resolve()
    })
  })
  const child = spawnProcess(dataDir)
  await begun
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await readdir(home)).not.toContain('cluster')

  const next = await startEmbeddedPostgres({ dataDir })
  onTestFinished(next.stop)
  expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect((await readdir(home)).sort()).toEqual(['cluster', 'postgres.log', 'socket'])
})

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = await connect(url)
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}

function ended(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('end', resolve))
}

/** Waits as an application does, by retrying. */
async function untilAnswers(url: string): Promise<void> {
  for (;;) {
    const answer = await query(url, 'SELECT 1').catch(() => undefined)
    if (answer) return
    await delay(10)
  }
}

async function untilRuns(url: string, text: string): Promise<void> {
  const running = `SELECT FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%${text}%'`
  while ((await query(url, running)).length === 0) await delay(10)
}

async function isHeld(url: string): Promise<boolean> {
  return (await query(url, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted")).length === 1
}
