/** Assay on a PostgreSQL of the machine: behind a pooler, with a replica, of another major version, shared by ten servers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseUrl } from '../helpers/database-url.ts'
import { followEchoRun, makeEchoProject, startEchoRun } from '../helpers/echo-run.ts'
import { ask, makeTemporary, spawnAssay, spawnServer } from '../helpers/spawn-assay.ts'
import {
  hasPooler,
  type SystemPostgres,
  startPooler,
  startSystemPostgres,
  systemPostgres,
  withoutPooler,
  withoutSystemPostgres,
} from '../helpers/system-postgres.ts'

let postgres: SystemPostgres
let databases = 0

beforeAll(async () => {
  if (systemPostgres) postgres = await startSystemPostgres()
})
afterAll(() => postgres?.[Symbol.asyncDispose]())

async function execute<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}

/** A database of its own. @returns its name */
async function createDatabase(): Promise<string> {
  databases += 1
  await execute(postgres.url, `CREATE DATABASE assay_${databases}`)
  return `assay_${databases}`
}

const key = { ASSAY_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') }
const inputs = Array.from({ length: 60 }, (_, n) => n)

describe.skipIf(!systemPostgres || !hasPooler)(
  `behind a pooler in transaction mode (${withoutPooler} otherwise)`,
  () => {
    test('server and worker execute a run whose statements go to any of its connections', async () => {
      await using pooler = await startPooler(postgres)
      const name = await createDatabase()
      const project = await makeEchoProject()
      const env = {
        DATABASE_URL: databaseUrl(postgres.url, name),
        ASSAY_POOLED_DATABASE_URL: databaseUrl(pooler.url, name),
        ...key,
      }
      const server = await spawnServer(['--config', join(project, 'assay.config.ts'), '--log-level', 'warn'], { env })
      const id = await startEchoRun(server.url, 'sleep', inputs, { concurrency: 20 })
      const followed = await followEchoRun(server.url, id)
      expect(followed.map(({ status }) => status)).toEqual(inputs.map(() => 'SUCCEEDED'))
      const ready = await fetch(`${server.url}/readyz`)
      expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining('"listener":{"ok":true}')])
      // What the pooler does not pass on goes directly: three connections serve all else of server and worker.
      const backends = await execute<{ name: string }>(
        env.DATABASE_URL,
        `SELECT application_name AS name FROM pg_stat_activity WHERE datname = '${name}' AND application_name LIKE 'assay % on %'`,
      )
      expect(backends).toHaveLength(2)
      expect(server.stderr).toBe('')
    })
  },
)

describe.skipIf(!systemPostgres)(`on another PostgreSQL (${withoutSystemPostgres} otherwise)`, () => {
  test('a finished run is read from a replica that has it, and a change at once from the database', async () => {
    await using replica = await startSystemPostgres(postgres)
    const name = await createDatabase()
    const project = await makeEchoProject()
    const env = {
      DATABASE_URL: databaseUrl(postgres.url, name),
      ASSAY_REPLICA_DATABASE_URL: databaseUrl(replica.url, name),
      ...key,
    }
    const server = await spawnServer(['--config', join(project, 'assay.config.ts'), '--log-level', 'error'], { env })
    const id = await startEchoRun(server.url, 'echo', inputs)
    await followEchoRun(server.url, id)
    const page =
      'query($id: ID!) { run(id: $id) { name items(first: 100) { nodes { id output scores { name value author } } } } }'
    const read = () =>
      ask<{ run: { name: string; items: { nodes: { id: string; scores: object[] }[] } } }>(server.url, page, { id })
    /** Rows of items that the replica has read. */
    const readThere = async () => {
      await execute(env.ASSAY_REPLICA_DATABASE_URL, 'SELECT 1')
      const [row] = await execute<{ rows: number }>(
        env.ASSAY_REPLICA_DATABASE_URL,
        `SELECT (coalesce(idx_tup_fetch, 0) + seq_tup_read)::int AS rows FROM pg_stat_user_tables WHERE relname = 'run_item'`,
      )
      return row?.rows ?? 0
    }
    await expect
      .poll(
        async () => {
          const { run } = await read()
          expect(run.items.nodes).toHaveLength(60)
          return readThere()
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBeGreaterThanOrEqual(60)
    // Stopped, it is behind; whoever changes something sees it at once all the same.
    await execute(env.ASSAY_REPLICA_DATABASE_URL, 'SELECT pg_wal_replay_pause()')
    const item = (await read()).run.items.nodes[7]?.id ?? ''
    const runItem = { target: { runItemId: item }, name: 'tone', value: 1 }
    await ask(server.url, 'mutation($input: SetScoreInput!) { setScore(input: $input) { __typename } }', {
      input: runItem,
    })
    expect((await read()).run.items.nodes[7]?.scores).toMatchObject([{ name: 'tone', value: 1 }])
    const csv = await (await fetch(`${server.url}/export/runs/${id}.csv`)).text()
    expect(csv).toContain('tone')
    await replica[Symbol.asyncDispose]()
    expect((await read()).run.items.nodes).toHaveLength(60)
  })

  test('ten servers share one database: each tells its subscribers everything, and idle ones ask little', async () => {
    const name = await createDatabase()
    const project = await makeEchoProject()
    const env = { DATABASE_URL: databaseUrl(postgres.url, name), ...key }
    const config = ['--config', join(project, 'assay.config.ts'), '--log-level', 'error']
    const first = await spawnServer([...config], { env })
    const others: Awaited<ReturnType<typeof spawnServer>>[] = []
    // Two at a time: each takes a core for some seconds.
    for (let n = 0; n < 9; n += 2) {
      const both = [0, 1].slice(0, 9 - n).map(() => spawnServer(['--no-worker', ...config], { env }))
      others.push(...(await Promise.all(both)))
    }
    const id = await startEchoRun(first.url, 'sleep', inputs, { concurrency: 10 })
    const followed = await Promise.all([first, ...others].map(({ url }) => followEchoRun(url, id)))
    for (const items of followed) expect(items.map(({ status }) => status)).toEqual(inputs.map(() => 'SUCCEEDED'))
    const transactions = async () => {
      const [row] = await execute<{ count: number }>(
        postgres.url,
        `SELECT (xact_commit + xact_rollback)::int AS count, clock_timestamp() AS at FROM pg_stat_database WHERE datname = '${name}'`,
      )
      return { count: row?.count ?? 0, at: performance.now() }
    }
    // A connection that has become idle adds its transactions to the statistics after 10 s.
    await setTimeout(12_000)
    const before = await transactions()
    await setTimeout(8_000)
    const after = await transactions()
    const perSecond = (after.count - before.count) / ((after.at - before.at) / 1_000)
    // Queue, keys, limits and reconciler of one worker, and of each server keys, at most one statement a second.
    expect(perSecond).toBeLessThan(20)
  }, 120_000)

  test('an installation moves to another major version of PostgreSQL by backup and restore', async () => {
    const name = await createDatabase()
    const project = await makeEchoProject()
    const env = { DATABASE_URL: databaseUrl(postgres.url, name), ...key }
    const config = ['--config', join(project, 'assay.config.ts'), '--log-level', 'error']
    const old = await spawnServer(config, { env })
    const [{ version } = { version: '' }] = await execute<{ version: string }>(
      env.DATABASE_URL,
      `SELECT current_setting('server_version') AS version`,
    )
    const id = await startEchoRun(old.url, 'echo', inputs)
    await followEchoRun(old.url, id)
    const page =
      'query($id: ID!) { run(id: $id) { name status items(first: 100) { nodes { id output scores { name value } } } } }'
    const before = await ask(old.url, page, { id })
    const directory = await makeTemporary()
    const file = join(directory, 'backup.zip')
    expect(await spawnAssay(['backup', file], { env }).exited).toBe(0)
    const dataDir = join(directory, 'data')
    const restored = spawnAssay(['restore', file, '--data-dir', dataDir], { env: key })
    expect([await restored.exited, restored.stderr]).toEqual([0, expect.not.stringContaining('rror')])
    const server = await spawnServer([...config, '--data-dir', dataDir], { env: key })
    expect(await ask(server.url, page, { id })).toEqual(before)
    const major = (await readFile(join(dataDir, 'postgres/cluster/PG_VERSION'), 'utf8')).trim()
    expect(version.split('.')[0]).not.toBe(major)
    await expect(startEchoRun(server.url, 'fail', [1])).resolves.toEqual(expect.any(String))
  })
})
