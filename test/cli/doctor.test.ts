/** `assay doctor` finds what keeps Assay from working, and says what to do. */
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../../src/cli/doctor/check.ts'
import { checkClock, checkDatabase } from '../../src/cli/doctor/check-database.ts'
import { checkDisk, checkPort, checkVersions } from '../../src/cli/doctor/check-machine.ts'
import { checkServer } from '../../src/cli/doctor/check-providers.ts'
import { GraphQLClient } from '../../src/cli/graphql-client.ts'
import { createProvider } from '../../src/engine/providers/providers.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { makeTemporary, spawnAssay } from '../helpers/spawn-assay.ts'

let t: TestServer

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
})
afterAll(() => t[Symbol.asyncDispose]())

const key = (letter: string) => Buffer.from(letter.repeat(32)).toString('base64')

async function inDatabase(env: NodeJS.ProcessEnv = {}): Promise<Record<string, Finding>> {
  const found = await checkDatabase({ databaseUrl: t.db.url, dataDir: '', env })
  return Object.fromEntries(found.map((finding) => [finding.name, finding]))
}

async function change(sql: string): Promise<void> {
  const client = new Client({ connectionString: t.db.url })
  await client.connect()
  await client.query(sql)
  await client.end()
}

test('a disk that is full or nearly full is found', async () => {
  const megabytes = (free: number) => checkDisk('/data', async () => free * 1024 * 1024)
  expect(await megabytes(100)).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringMatching(/^100 MB are free in \/data, .*free some space/),
  })
  expect(await megabytes(500)).toMatchObject({ result: 'WARNING' })
  expect(await megabytes(50_000)).toEqual({ name: 'disk', result: 'OK', message: '48 GB are free in /data.' })
  const folder = await makeTemporary()
  expect((await checkDisk(join(folder, 'not', 'made', 'yet'))).message).toMatch(/ are free in /)
  await writeFile(join(folder, 'a-file'), '', { mode: 0o600 })
  expect(await checkDisk(join(folder, 'a-file', 'data'))).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringMatching(/a-file cannot be used .*: make it readable and writable for this user, or move/),
  })
})

test('an old Node and a clock that is wrong are found', () => {
  expect(checkVersions('v20.11.1')).toMatchObject({ result: 'PROBLEM', message: expect.stringContaining('22.18') })
  expect(checkVersions()).toMatchObject({ result: 'OK' })
  expect(checkClock(10_000, { asked: 9_000, answered: 30_000 })).toMatchObject({ result: 'OK' })
  expect(checkClock(10_000, { asked: 70_000, answered: 70_100 })).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringContaining('60.0 s ahead of'),
  })
})

test('a port that another program uses is told from one that Assay uses', async () => {
  const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  expect(await checkPort('127.0.0.1', port)).toMatchObject({
    result: 'PROBLEM',
    message: `Port ${port} of 127.0.0.1 is used by another program: stop it, or use \`assay serve --port ${port + 1}\`.`,
  })
  const own = await checkPort('127.0.0.1', Number(new URL(t.url).port))
  expect(own).toEqual({ name: 'port', result: 'OK', message: `An Assay server is running at ${t.url}.` })
  expect(await checkPort('192.0.2.1', 4000)).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringContaining('--host'),
  })
})

test('a database that is well is well, and one of a newer Assay is not', async () => {
  const well = await inDatabase()
  expect(well).toMatchObject({
    database: { result: 'OK' },
    schema: { result: 'OK' },
    clock: { result: 'OK' },
    keys: { result: 'OK' },
  })
  // The server of the tests does without.
  expect(well['database settings']).toMatchObject({
    result: 'WARNING',
    message: expect.stringContaining('fsync is off'),
  })

  await change(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '29990101000000_future', now())`,
  )
  onTestFinished(() => change(`DELETE FROM _prisma_migrations WHERE id = 'x'`))
  const newer = await inDatabase()
  expect(newer.schema).toMatchObject({ result: 'PROBLEM', message: expect.stringContaining('29990101000000_future') })
  expect(newer.keys).toMatchObject({ result: 'SKIPPED' })
})

test('a data directory of a newer PostgreSQL is found, and nothing is made of it', async () => {
  const dataDir = await makeTemporary()
  await mkdir(join(dataDir, 'postgres/cluster'), { recursive: true })
  await writeFile(join(dataDir, 'postgres/cluster/PG_VERSION'), '99\n')
  const [database] = await checkDatabase({ databaseUrl: null, dataDir, env: {} })
  expect(database).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringContaining('was created by PostgreSQL 99'),
  })
})

test('a wrong key of stored secrets, and a provider that does not answer, are found', async () => {
  const dead = createServer().listen(0, '127.0.0.1')
  await once(dead, 'listening')
  const { port } = dead.address() as AddressInfo
  dead.close()
  const baseUrl = `http://127.0.0.1:${port}`
  await createProvider(t.services, t.scope, { name: 'dead', kind: 'OLLAMA', baseUrl })
  const client = new GraphQLClient(t.url)
  const [server, provider] = await checkServer(client)
  await client.close()
  expect(server).toMatchObject({ name: 'server', result: 'OK' })
  expect(provider).toMatchObject({
    name: 'provider dead',
    result: 'PROBLEM',
    message: 'OLLAMA: nothing is listening there (connection refused).',
  })

  await change(
    `UPDATE provider SET sealed_key = '\\x01'; DELETE FROM secret_key; INSERT INTO secret_key (fingerprint) VALUES ('0123456789abcdef')`,
  )
  expect((await inDatabase({ ASSAY_SECRET_KEY: key('a') }))['secret key']).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringContaining('expected 0123456789abcdef'),
  })
  expect((await inDatabase())['secret key']).toMatchObject({
    result: 'PROBLEM',
    message: expect.stringContaining('ASSAY_SECRET_KEY'),
  })
})

test('the command says all of it and exits with 1 when there is a problem', async () => {
  const args = ['doctor', '--url', t.url, '--json']
  const problem = spawnAssay(args)
  expect(await problem.exited).toBe(1)
  const findings = JSON.parse(problem.stdout) as Finding[]
  expect(findings.map(({ name, result }) => `${name} ${result}`)).toEqual(['server OK', 'provider dead PROBLEM'])
  const nowhere = spawnAssay(['doctor', '--url', 'http://127.0.0.1:1'])
  expect(await nowhere.exited).toBe(1)
  expect(nowhere.stdout).toMatch(
    /^✗ server +There is no Assay server at http:\/\/127\.0\.0\.1:1 \(.*\)\. Start one with/,
  )
})
