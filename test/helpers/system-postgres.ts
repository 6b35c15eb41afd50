/** The PostgreSQL that the machine's packages installed, with pg_dump and pg_restore, which the bundled one lacks. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Account, serverAccount } from '../../src/embedded-postgres/account.ts'

const packages = '/usr/lib/postgresql'
const programs = ['initdb', 'pg_ctl', 'postgres', 'pg_dump', 'pg_restore', 'pg_basebackup']

/** Where its programs are; null when it is not installed. `PG_BIN` overrides the location. */
export const systemPostgres =
  [process.env.PG_BIN, ...versions().map((version) => join(packages, version, 'bin'))].find(
    (bin) => bin !== undefined && programs.every((program) => existsSync(join(bin, program))),
  ) ?? null

export const withoutSystemPostgres = 'no PostgreSQL with pg_dump on this machine: install it or set PG_BIN'

function versions(): string[] {
  return existsSync(packages) ? readdirSync(packages).sort((a, b) => Number(b) - Number(a)) : []
}

export interface SystemPostgres extends AsyncDisposable {
  /** Of its database `postgres`. */
  url: string
  /** The directory of its socket. */
  home: string
  /** Runs one of its client programs. */
  run(program: string, ...args: string[]): Promise<void>
}

const execute = promisify(execFile)

/** @param primary of which it becomes a read replica; default: an empty one */
export async function startSystemPostgres(primary: SystemPostgres | null = null): Promise<SystemPostgres> {
  const account = await serverAccount('')
  const home = await mkdtemp(join(tmpdir(), 'assay-system-postgres-'))
  if (account) await chown(home, account.uid, account.gid)
  const data = join(home, 'data')
  const run = async (program: string, args: string[], as?: Account) => {
    await execute(join(systemPostgres ?? '', program), args, { cwd: home, ...as })
  }
  const initdb = ['--pgdata', data, '--username', 'assay', '--auth', 'trust', '--no-sync']
  if (primary) {
    const from = ['--host', primary.home, '--username', 'assay', '--checkpoint', 'fast']
    await run('pg_basebackup', ['--pgdata', data, ...from, '--write-recovery-conf', '--no-sync'], account)
  } else await run('initdb', initdb, account)
  const options = `-k ${home} -c listen_addresses= -c fsync=off`
  let isStopped = false
  const control = (...args: string[]) => run('pg_ctl', ['--pgdata', data, ...args], account)
  await control('start', '--wait', '--log', join(home, 'log'), '--options', options)
  return {
    url: `postgresql://assay@localhost/postgres?host=${home}`,
    home,
    run: (program, ...args) => run(program, args),
    async [Symbol.asyncDispose]() {
      if (isStopped) return
      isStopped = true
      await control('stop', '--mode', 'immediate')
      await rm(home, { recursive: true, force: true })
    },
  }
}

const pgbouncer = '/usr/sbin/pgbouncer'

/** Whether the machine's packages installed PgBouncer. */
export const hasPooler = existsSync(pgbouncer)

export const withoutPooler = 'no PgBouncer on this machine: install the package pgbouncer'

/** Starts PgBouncer in transaction mode before a server, with three connections to it for each database. */
export async function startPooler(postgres: SystemPostgres): Promise<{ url: string } & AsyncDisposable> {
  const account = await serverAccount('')
  const home = await mkdtemp(join(tmpdir(), 'assay-pooler-'))
  const settings = [
    '[databases]',
    `* = host=${postgres.home} user=assay`,
    '[pgbouncer]',
    'pool_mode = transaction',
    'default_pool_size = 3',
    'max_client_conn = 500',
    'auth_type = any',
    'listen_addr =',
    'listen_port = 6432',
    `unix_socket_dir = ${home}`,
    'verbose = 0',
  ]
  await writeFile(join(home, 'pgbouncer.ini'), settings.join('\n'))
  if (account) await chown(home, account.uid, account.gid)
  const child: ChildProcess = spawn(pgbouncer, [join(home, 'pgbouncer.ini')], {
    ...account,
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  for await (const chunk of child.stderr ?? []) {
    log += chunk
    if (log.includes('process up')) break
  }
  if (!log.includes('process up')) throw new Error(`PgBouncer does not start: ${log}`)
  return {
    url: `postgresql://assay@localhost:6432/postgres?host=${home}`,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await rm(home, { recursive: true, force: true })
    },
  }
}
