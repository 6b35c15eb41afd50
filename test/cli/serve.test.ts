import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { getPriority, setPriority } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runningServerUrl } from '../../src/embedded-postgres/embedded-postgres.ts'
import { createTestDatabase } from '../helpers/database.ts'
import { ask, makeTemporary, root, spawnAssay, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

// Every test starts processes and databases, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000 })

interface Progress {
  total: number
  succeeded: number
  failed: number
}

/** The Node processes that a process started, and those that they did. */
function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  const nodes = children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith(process.execPath))
  return nodes.flatMap((child) => [child, ...descendants(child)])
}

/** A directory with a config whose task takes as long as the input says. */
/** Of a Linux that shares the processors between sessions; elsewhere that of the process. */
function sessionPriority(pid: number): number {
  const file = `/proc/${pid}/autogroup`
  const [, priority] = (existsSync(file) && /nice (-?\d+)/.exec(readFileSync(file, 'utf8'))) || []
  return priority === undefined ? getPriority(pid) : Number(priority)
}

function mayChangePriority(pid: number): boolean {
  try {
    setPriority(pid, getPriority(pid))
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

async function makeProject(): Promise<string> {
  const directory = await makeTemporary()
  await writeFile(
    join(directory, 'assay.config.ts'),
    `import { setTimeout } from 'node:timers/promises'
import { defineConfig } from 'assay'

export default defineConfig({
  tasks: { wait: async (input: { ms: number }, _item, { signal }) => setTimeout(input.ms, 'waited', { signal }) },
})
`,
  )
  return directory
}

/** Starts a run of the task `wait` on items that take `ms` each. @returns its id */
async function startWaiting(
  url: string,
  { items, ms, concurrency }: { items: number; ms: number; concurrency: number },
) {
  const rows = Array.from({ length: items }, (_, index) => JSON.stringify({ key: String(index), input: { ms } }))
  const imported = await fetch(`${url}/import/waiting`, { method: 'POST', body: rows.join('\n') })
  const { datasetId } = (await imported.json()) as { datasetId: string }
  const { createExperiment } = await ask<{ createExperiment: { run: { id: string } } }>(
    url,
    `mutation ($input: CreateExperimentInput!) {
      createExperiment(input: $input) {
        ... on CreateExperimentPayload { run { id } }
        ... on UserError { message }
      }
    }`,
    {
      input: { name: 'waiting', datasetId, task: { module: { name: 'wait' } }, settings: { concurrency }, start: true },
    },
  )
  return createExperiment.run.id
}

/** Follows a run's feed until `enough` of it has happened. */
async function watch(url: string, runId: string, enough: (progress: Progress, done: boolean) => boolean) {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, retryAttempts: 0 })
  const feed = client.iterate<{ runFeed: { done: boolean; run: { progress: Progress } } }>({
    query: 'subscription ($runId: ID!) { runFeed(runId: $runId) { done run { progress { total succeeded failed } } } }',
    variables: { runId },
  })
  try {
    for await (const { data } of feed) {
      if (!data) throw new Error('the feed gave no data')
      const { done, run } = data.runFeed
      if (enough(run.progress, done)) return run.progress
    }
  } finally {
    await client.dispose()
  }
  throw new Error('the feed ended before enough had happened')
}

test('SIGTERM in the middle of a run ends the server with status 0, and the next start finishes the run', async () => {
  const cwd = await makeProject()
  const first = await spawnServer([], { cwd })
  const runId = await startWaiting(first.url, { items: 60, ms: 50, concurrency: 3 })
  await watch(first.url, runId, ({ succeeded }) => succeeded >= 10)
  // npm, npx and the terminal may each forward the same signal.
  first.process.kill('SIGTERM')
  first.process.kill('SIGTERM')
  expect(await first.exited).toBe(0)
  expect(existsSync(join(cwd, '.assay/postgres/cluster/PG_VERSION'))).toBe(true)
  expect(existsSync(join(cwd, '.assay/postgres/cluster/postmaster.pid'))).toBe(false)

  const second = await spawnServer([], { cwd })
  const progress = await watch(second.url, runId, (_progress, done) => done)
  expect(progress).toEqual({ total: 60, succeeded: 60, failed: 0 })
  const { node } = await ask<{ node: { items: { nodes: { attempts: number }[] } } }>(
    second.url,
    'query ($id: ID!) { node(id: $id) { ... on Run { items(first: 100) { nodes { attempts } } } } }',
    { id: runId },
  )
  expect(new Set(node.items.nodes.map(({ attempts }) => attempts))).toEqual(new Set([1]))
})

test('a server keeps its young generation small, which is resident whatever it holds', async () => {
  const { url } = await spawnServer([], { cwd: await makeProject() })
  // Large answers make it grow, where it may.
  const introspection =
    '{ __schema { types { name description fields { name description args { name description } } } } }'
  for (let n = 0; n < 20; n += 1) await ask(url, introspection)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const [, bytes] =
    /^nodejs_heap_space_size_total_bytes\{[^}]*space="new"[^}]*process="server"[^}]*\} (\d+)$/m.exec(metrics) ?? []
  expect(Number(bytes)).toBeLessThanOrEqual(36e6)
})

test('worker, function hosts and what the database does for them give way to the server', async () => {
  const cwd = await makeProject()
  const server = await spawnServer([], { cwd })
  await expect
    .poll(() => descendants(server.process.pid as number).map(getPriority), { timeout: 30_000 })
    .toEqual([10, 10])
  expect(getPriority(server.process.pid)).toBeLessThan(10)
  const database = new pg.Client({ connectionString: await runningServerUrl(join(cwd, '.assay')) })
  await database.connect()
  onTestFinished(() => database.end())
  const backends = async () => {
    const connections = `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'`
    const { rows } = await database.query<{ pid: number }>(connections)
    return rows.map(({ pid }) => pid)
  }
  // The worker connects while its host starts. Where this user may not change the database's processes, they stay as they are.
  const priorities = (await backends()).every(mayChangePriority)
    ? [10, getPriority(server.process.pid)]
    : [getPriority()]
  await expect
    .poll(async () => (await backends()).map(getPriority), { timeout: 20_000 })
    .toEqual(expect.arrayContaining(priorities))
  // What a session of them may take of the processors, where sessions share these.
  const differing = async () => {
    const pids = [...descendants(server.process.pid as number), ...(await backends())]
    return pids.filter((pid) => sessionPriority(pid) !== getPriority(pid))
  }
  await expect.poll(differing, { timeout: 20_000 }).toEqual([])
})

test('a second Ctrl-C exits immediately, however long a call in flight takes', async () => {
  const cwd = await makeProject()
  const server = await spawnServer([], { cwd })
  const runId = await startWaiting(server.url, { items: 4, ms: 60_000, concurrency: 4 })
  await watch(server.url, runId, () => true)
  const impatience = setInterval(() => server.process.kill('SIGINT'), 100)
  onTestFinished(() => clearInterval(impatience))
  expect(await server.exited).toBe(130)
  // Take over and stop the server that it left running, so that the directory can be removed.
  const next = await spawnServer([], { cwd })
  await ask(next.url, 'mutation ($id: ID!) { cancelRun(input: { id: $id }) { __typename } }', { id: runId })
  next.process.kill('SIGTERM')
  expect(await next.exited).toBe(0)
})

test('a server whose terminal was closed stops gracefully', async () => {
  const cwd = await makeTemporary()
  await writeFile(join(cwd, 'code.ts'), '')
  const server = await spawnServer(['--data-dir', '.'], { cwd })
  server.process.stdout?.destroy()
  server.process.stderr?.destroy()
  server.process.kill('SIGHUP')
  expect(await server.exited).toBe(0)
  expect(existsSync(join(cwd, 'postgres/cluster/postmaster.pid'))).toBe(false)
  // With it, git would ignore the code beside the data.
  expect(await readdir(cwd)).not.toContain('.gitignore')
})

test('two servers on one data directory: the second reports that and exits with 1', async () => {
  const cwd = await makeTemporary()
  const first = await spawnServer([], { cwd })
  const second = spawnAssay(['serve', '--port', '0'], { cwd })
  expect(await second.exited).toBe(1)
  expect(second.stderr).toMatch(new RegExp(`is already in use by process ${first.process.pid}`))
  expect(second.stderr).not.toContain('    at ')
  expect(await ask(first.url, '{ viewer { role } }')).toEqual({ viewer: { role: 'ADMIN' } })
})

test('a port in use is named, and the database that was already started is stopped', async () => {
  const cwd = await makeTemporary()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const server = spawnAssay(['serve', '--port', String(port)], { cwd })
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain(`Port ${port} of 127.0.0.1 is already in use`)
  expect(existsSync(join(cwd, '.assay/postgres/cluster/postmaster.pid'))).toBe(false)
})

test('a worker process executes the runs of a server on the same DATABASE_URL', async () => {
  const cwd = await makeProject()
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const env = { DATABASE_URL: database.url }
  const server = await spawnServer(['--no-worker'], { cwd, env })
  const worker = spawnAssay(['worker'], { cwd, env })
  await worker.says(/worker is ready/)
  const runId = await startWaiting(server.url, { items: 20, ms: 1, concurrency: 5 })
  const progress = await watch(server.url, runId, (_progress, done) => done)
  expect(progress.succeeded).toBe(20)
  worker.process.kill('SIGTERM')
  expect(await worker.exited).toBe(0)
  server.process.kill('SIGTERM')
  expect(await server.exited).toBe(0)
})

test('a worker without DATABASE_URL reports what it needs', async () => {
  const worker = spawnAssay(['worker'])
  expect(await worker.exited).toBe(1)
  expect(worker.stderr).toContain('set DATABASE_URL for both')
})

test.each(['postgresql://me:se#cret@127.0.0.1:1/db', 'postgresql://me:12#x@127.0.0.1:1/db'])(
  'a password with a # in %s is explained, and not shown',
  async (DATABASE_URL) => {
    const server = spawnAssay(['serve'], { env: { DATABASE_URL } })
    expect(await server.exited).toBe(1)
    expect(server.stderr).toContain('# as %23')
    expect(server.stderr).not.toMatch(/cret|12#|\n +at /)
  },
)

test('an unreachable DATABASE_URL is named without its password', async () => {
  const server = spawnAssay(['serve'], { env: { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:1/db' } })
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain('The database at postgresql://me@127.0.0.1:1/db (DATABASE_URL) cannot be used')
  expect(server.stderr).not.toContain('secret')
})

test.each([
  ['postgresql://me:sec@ret@127.0.0.1:1/db', 'postgresql://me@127.0.0.1:1/db'],
  ['mysql://me:secret@127.0.0.1/db', 'expected postgresql://'],
])('the password in %s is not shown', async (DATABASE_URL, said) => {
  const server = spawnAssay(['serve'], { env: { DATABASE_URL } })
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain(said)
  expect(server.stderr).not.toMatch(/ret/)
})

test('a server behind a proxy requires a key', async () => {
  const cwd = await makeTemporary()
  const server = spawnAssay(['serve', '--port', '0', '--public-url', 'https://assay.example/'], { cwd })
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain('Refusing to listen on assay.example without authentication')
  const mistyped = spawnAssay(['serve', '--public-url', 'assay.example'])
  expect(await mistyped.exited).toBe(2)
  expect(mistyped.stderr).toContain('Expected the URL of a server')
})

test('pages of the origins that are listed may use the server', async () => {
  const allowed = async (url: string, origin: string) => {
    const response = await fetch(`${url}/healthz`, { headers: { origin } })
    return response.headers.get('access-control-allow-origin')
  }
  const repeated = ['--allow-origin', 'http://localhost:5173', '--allow-origin', 'https://Dashboard.example']
  const { url } = await spawnServer(repeated, { cwd: await makeTemporary() })
  expect(await allowed(url, 'http://localhost:5173')).toBe('http://localhost:5173')
  expect(await allowed(url, 'https://dashboard.example')).toBe('https://dashboard.example')
  expect(await allowed(url, 'https://other.example')).toBeNull()

  const env = { ASSAY_ALLOW_ORIGIN: 'http://a.example, http://b.example' }
  const byVariable = await spawnServer([], { cwd: await makeTemporary(), env })
  expect(await allowed(byVariable.url, 'http://b.example')).toBe('http://b.example')

  const mistyped = spawnAssay(['serve', '--allow-origin', '*'])
  expect(await mistyped.exited).toBe(2)
  expect(mistyped.stderr).toContain('--allow-origin')
  expect(mistyped.stderr).toContain('Expected one exact origin')
})

test('an option that is out of range is rejected with what was expected', async () => {
  const server = spawnAssay(['serve', '--port', '70000'])
  expect(await server.exited).toBe(2)
  expect(server.stderr).toContain('Expected a whole number from 0 to 65535, got "70000"')
})

test('on an old Node the command line runs on the one that npm installed', async () => {
  const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.11.1'})"
  const bin = join(root, 'src/cli/bin.mjs')
  const run = spawnNode(['--import', old, bin, '--version'])
  expect(await run.exited).toBe(0)
  expect(run.stdout).toBe('0.1.0\n')
})
