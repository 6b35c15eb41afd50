/** The PostgreSQL that the machine's packages installed, with pg_dump and pg_restore, which the bundled one lacks. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Account, serverAccount } from '../../src/embedded-postgres/account.ts'

const packages = '/usr/lib/postgresql'
const programs = ['initdb', 'pg_ctl', 'postgres', 'pg_dump', 'pg_restore']

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
  /** Runs one of its client programs. */
  run(program: string, ...args: string[]): Promise<void>
}

const execute = promisify(execFile)

export async function startSystemPostgres(): Promise<SystemPostgres> {
  const account = await serverAccount('')
  const home = await mkdtemp(join(tmpdir(), 'assay-system-postgres-'))
  if (account) await chown(home, account.uid, account.gid)
  const data = join(home, 'data')
  const run = async (program: string, args: string[], as?: Account) => {
    await execute(join(systemPostgres ?? '', program), args, { cwd: home, ...as })
  }
  const initdb = ['--pgdata', data, '--username', 'assay', '--auth', 'trust', '--no-sync']
  await run('initdb', initdb, account)
  const options = `-k ${home} -c listen_addresses= -c fsync=off`
  const control = (...args: string[]) => run('pg_ctl', ['--pgdata', data, ...args], account)
  await control('start', '--wait', '--log', join(home, 'log'), '--options', options)
  return {
    url: `postgresql://assay@localhost/postgres?host=${home}`,
    run: (program, ...args) => run(program, args),
    async [Symbol.asyncDispose]() {
      await control('stop', '--mode', 'immediate')
      await rm(home, { recursive: true, force: true })
    },
  }
}
