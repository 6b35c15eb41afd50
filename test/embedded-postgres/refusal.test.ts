import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import { explain } from '../../src/embedded-postgres/explain.ts'
import { isRoot, makeCheckout, makeDirectory, nobodyUid, spawnHolder, started } from '../helpers/spawn-holder.ts'

test('a second holder of a data directory is refused with the id of the first, which continues', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const first = await spawnHolder(dataDir)
  const second = await spawnHolder(dataDir)
  expect(second.said).toEqual({
    code: 'IN_USE',
    message:
      `The data directory ${dataDir} is already in use by process ${first.process.pid}: ` +
      'stop that process, use another --data-dir, or set DATABASE_URL.',
  })
  const client = new Client({ connectionString: started(first).url })
  await client.connect()
  await client.end()

  await first.end()
  expect(started(await spawnHolder(dataDir))).toMatchObject({ pid: expect.any(Number) })
})

test('of several first starts at once exactly one holds the directory', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const holders = await Promise.all(Array.from({ length: 4 }, () => spawnHolder(dataDir)))
  const refused = holders.filter(({ said }) => said.code === 'IN_USE')
  const holding = holders.filter(({ said }) => said.code === undefined)
  expect([holding.length, refused.length]).toEqual([1, 3])
  for (const { said } of refused)
    expect(said).toMatchObject({ message: expect.stringContaining(`process ${holding[0]?.process.pid}:`) })
  expect((await readdir(join(dataDir, 'postgres'))).sort()).toEqual(['cluster', 'postgres.log', 'socket'])
})

test('a holder whose server died and was started by another holder in the meantime gives up', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const first = await spawnHolder(dataDir)
  first.process.kill('SIGSTOP')
  process.kill(started(first).pid, 'SIGKILL')
  const second = await spawnHolder(dataDir)
  expect(started(second).pid).not.toBe(started(first).pid)

  first.process.kill('SIGCONT')
  expect(await first.lost).toMatchObject({
    code: 'IN_USE',
    message: expect.stringContaining(`already in use by process ${second.process.pid}:`),
  })
  await first.end()
  const client = new Client({ connectionString: started(second).url })
  await client.connect()
  await client.end()
})

test('a file where the data directory should be is refused', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  await writeFile(dataDir, '')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: 'UNWRITABLE',
    message: expect.stringMatching(/^Assay cannot use the data directory .*use another --data-dir\.$/),
  })
  await rm(dataDir)
})

test('a directory with foreign content is refused and left unchanged', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  await mkdir(join(dataDir, 'postgres'), { recursive: true })
  await writeFile(join(dataDir, 'postgres/thesis.txt'), '')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: 'FOREIGN_CONTENT',
    message: `${dataDir}/postgres contains "thesis.txt", which Assay did not put there: use another --data-dir.`,
  })
  expect(await readdir(join(dataDir, 'postgres'))).toEqual(['thesis.txt'])
})

test("another PostgreSQL's data directory is refused", async () => {
  const dataDir = join(await makeDirectory(), 'data')
  await mkdir(dataDir)
  await writeFile(join(dataDir, 'PG_VERSION'), '18\n')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: 'FOREIGN_CONTENT',
    message: expect.stringContaining('is itself a PostgreSQL data directory'),
  })
})

test("another major version's cluster is refused", async () => {
  const dataDir = join(await makeDirectory(), 'data')
  await (await startEmbeddedPostgres({ dataDir })).stop()
  await writeFile(join(dataDir, 'postgres/cluster/PG_VERSION'), '17\n')
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: 'WRONG_VERSION',
    message: expect.stringMatching(/created by PostgreSQL 17, but this Assay has PostgreSQL 18/),
  })
})

test('a data directory without write permission is refused', async () => {
  const checkout = await makeCheckout()
  const dataDir = join(checkout, 'data')
  await mkdir(dataDir)
  await chmod(dataDir, 0o555)
  const holder = await spawnHolder(dataDir, { checkout, ...(isRoot && { uid: nobodyUid }) })
  expect(holder.said).toMatchObject({
    code: 'UNWRITABLE',
    message: expect.stringMatching(/^Assay cannot use the data directory .*permission denied/),
  })
})

test('an invalid setting is reported with the message of the server', async () => {
  const dataDir = join(await makeDirectory(), 'data')
  const settings = { shared_buffers: 'plenty' }
  await expect(startEmbeddedPostgres({ dataDir, settings })).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringMatching(
      /does not start: invalid value for parameter "shared_buffers": "plenty".*postgres\.log/,
    ),
  })
})

describe.runIf(canMount())('on a disk of its own', () => {
  test('a full disk is named at the first start, and nothing incomplete is left', async () => {
    const dataDir = await smallDisk(24)
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/^The disk of .* is full/),
    })
    expect(await readdir(join(dataDir, 'postgres'))).toEqual(['socket'])
  })

  test('a disk that filled up is named at a later start, and with free space every row is there again', async () => {
    const dataDir = await smallDisk(160)
    const first = await startEmbeddedPostgres({ dataDir })
    await query(first.url, 'CREATE TABLE fruit AS SELECT generate_series(1, 1000) AS id')
    await first.stop()
    const ballast = join(dataDir, 'ballast')
    execFileSync('sh', ['-c', `cat /dev/zero > ${ballast} 2>/dev/null || true`])
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ code: 'DISK_FULL' })

    await rm(ballast)
    const next = await startEmbeddedPostgres({ dataDir })
    expect(await query(next.url, 'SELECT count(*)::int FROM fruit')).toEqual([{ count: 1000 }])
    await next.stop()
  })
})

test.each([
  ['could not write to file "pg_wal/xlogtemp.1": No space left on device', 'DISK_FULL'],
  ['could not extend file: Disk quota exceeded', 'DISK_FULL'],
  ['could not create directory "/x": Read-only file system', 'UNWRITABLE'],
  ['data directory "/x" has wrong ownership', 'UNWRITABLE'],
  ['could not map anonymous shared memory: Cannot allocate memory', 'START_FAILED'],
])('the complaint "%s" is explained as %s', async (complaint, code) => {
  const said = `2026-01-01 00:00:00 UTC [1] LOG:  starting\n2026-01-01 00:00:00 UTC [1] FATAL:  ${complaint}\nended`
  expect(await explain(new Error(said), await makeDirectory())).toMatchObject({ code })
})

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A data directory on a file system of this many megabytes. */
async function smallDisk(megabytes: number): Promise<string> {
  const path = join(await makeDirectory(), 'disk')
  await mkdir(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', path])
  onTestFinished(() => void execFileSync('umount', ['--lazy', path]))
  return path
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}
