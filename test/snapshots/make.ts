/**
 * Makes a snapshot: a database as a version of Assay left it, and the figures that this version reported for it. A test
 * migrates every snapshot in this directory and expects the same figures, so that no release changes recorded data.
 *
 * The version is a checkout with its packages; this one only provides PostgreSQL and the queries:
 *
 *     git worktree add ../assay-683c37e 683c37e && (cd ../assay-683c37e && npm ci)
 *     npx node test/snapshots/make.ts ../assay-683c37e 683c37e
 *
 * For another version: copy `scenario.ts` and `assay.config.ts` into a directory with its name, add what is new in that
 * version, query it in `read-figures.ts`, create an empty `corrections.ts`, then run this. Existing snapshots are not
 * made again: times, ids and latencies would differ.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve as resolvePath } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'
import { type Api, connectApi } from './api.ts'
import { dumpRows } from './dump.ts'
import { readFigures } from './read-figures.ts'

/** What a scenario runs on: a server of that version and a worker. */
export interface Stage {
  api: Api
  /** For data that has no operation in that version. */
  sql(statement: string): Promise<void>
  /** Like a power failure: what the worker is executing stays as it is. */
  killWorker(): Promise<void>
}

const [checkout, name] = process.argv.slice(2)
if (!checkout || !name) throw new Error('expected: node test/snapshots/make.ts <checkout> <name>')
const directory = join(import.meta.dirname, name)
const { default: play } = (await import(join(directory, 'scenario.ts'))) as { default(stage: Stage): Promise<void> }

const temporary = await mkdtemp(join(tmpdir(), 'assay-snapshot-'))
const postgres = await startEmbeddedPostgres({ dataDir: temporary })
const children: ChildProcess[] = []
try {
  const admin = new Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query('CREATE DATABASE snapshot')
  await admin.end()
  const url = new URL(postgres.url)
  url.pathname = '/snapshot'
  await makeSnapshot(url.href)
} finally {
  await Promise.all(children.map((child) => end(child, 'SIGTERM')))
  await postgres.stop()
  await rm(temporary, { recursive: true })
}

async function makeSnapshot(database: string): Promise<void> {
  const assay = (...args: string[]) => {
    const child = spawn(process.execPath, [resolvePath(checkout ?? '', 'src/cli/bin.mjs'), ...args], {
      cwd: temporary,
      env: { ...process.env, DATABASE_URL: database, ASSAY_ALLOW_PRIVATE_ENDPOINTS: 'true' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    return child
  }
  const key = (await text(assay('keys', 'create', 'snapshot').stdout)).trim()
  const config = ['--config', join(directory, 'assay.config.ts'), '--log-level', 'warn']
  const [, serverUrl = ''] = await says(assay('serve', '--no-worker', '--port', '0', ...config), /(http\S+)\/graphql/)
  const worker = assay('worker', ...config)
  await says(worker, /ready/)

  const api = connectApi(serverUrl, key)
  const sql = async (statement: string) => {
    const client = new Client({ connectionString: database })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await play({ api, sql, killWorker: () => end(worker, 'SIGKILL') })

  const { getConstructionPlans } = await import(resolvePath(checkout ?? '', 'node_modules/pg-boss/dist/index.js'))
  const dump = await dumpRows(database, getConstructionPlans('pgboss'))
  const figures = { key, ...(await readFigures(api.ask)) }
  await writeFile(join(directory, 'database.sql.gz'), gzipSync(dump, { level: 9 }))
  await writeFile(join(directory, 'figures.json.gz'), gzipSync(JSON.stringify(figures, null, 1), { level: 9 }))
  for (const { name, status, stopReason, progress } of Object.values<Record<string, unknown>>(figures.runs))
    process.stdout.write(`${name}: ${status} ${stopReason ?? ''} ${JSON.stringify(progress)}\n`)
}

/** The first match in the output of a process. */
function says(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let said = ''
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    const match = pattern.exec(said)
    if (match) resolve(match)
  })
  child.once('exit', () => reject(new Error(`a process of that version ended before it said ${pattern}: ${said}`)))
  return promise
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
