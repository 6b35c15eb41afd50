/** Creates the cluster atomically, whatever fails in between and however many processes try at once. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { roleName, usesTcp } from './address.ts'
import type { Binaries } from './binaries.ts'
import { codeOf, EmbeddedPostgresError } from './error.ts'
import { asServerSees, type Home } from './home.ts'
import { isRunning } from './process.ts'

/** Ensures that a cluster of our version exists. `durable: false` skips fsync, for disposable clusters. */
export async function prepareCluster(
  home: Home,
  binaries: Binaries,
  { log, durable }: { log: (message: string) => void; durable: boolean },
): Promise<void> {
  if (!(await stat(home.cluster).catch(() => undefined))) {
    log(`Preparing the database in ${home.dataDir} …`)
    await removeUnfinished(home)
    await create(home, binaries, durable)
  }
  await checkVersion(home, binaries)
  await writeAccessRules(home)
}

async function create(home: Home, binaries: Binaries, durable: boolean): Promise<void> {
  const unfinished = `${home.cluster}-unfinished-${process.pid}-${randomBytes(4).toString('hex')}`
  if (usesTcp) await makePassword(home)
  const args = [
    '--pgdata',
    asServerSees(home, unfinished),
    '--username',
    roleName,
    '--encoding',
    'UTF8',
    '--locale',
    'C',
  ]
  args.push('--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-instructions')
  args.push(...(usesTcp ? ['--auth', 'scram-sha-256', '--pwfile', home.passwordFile] : ['--auth', 'peer']))
  if (!durable) args.push('--no-sync')
  const stderr = await run(home, binaries.initdb, args)
  if (stderr !== undefined) {
    await rm(unfinished, { recursive: true, force: true })
    throw new Error(stderr)
  }
  await rename(unfinished, home.cluster).catch(async (error) => {
    await rm(unfinished, { recursive: true, force: true })
    // Another process was faster: use its cluster.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  })
}

async function makePassword(home: Home): Promise<void> {
  const password = randomBytes(24).toString('base64url')
  await writeFile(home.passwordFile, password, { mode: 0o600, flag: 'wx' }).catch((error) => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
}

/** Runs initdb. Returns its error output, or `undefined` on success. */
async function run(home: Home, program: string, args: string[]): Promise<string | undefined> {
  const directory = openSync(home.path, 'r')
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C' }
    const stdio = ['ignore', 'ignore', 'pipe', directory] as const
    const child = spawn(program, args, { ...home.account, cwd: '/', env, stdio: [...stdio], windowsHide: true })
    const exit = new Promise<number | null>((done, failed) => child.once('error', failed).once('exit', done))
    const [code, stderr] = await Promise.all([exit, child.stderr ? text(child.stderr) : ''])
    return code === 0 ? undefined : stderr.trim() || `initdb ended with code ${code}`
  } finally {
    closeSync(directory)
  }
}

/** Removes what a killed process left behind; a live one may still be working on its own. */
async function removeUnfinished(home: Home): Promise<void> {
  for (const name of await readdir(home.path)) {
    const pid = /^cluster-unfinished-(\d+)-/.exec(name)?.[1]
    if (!pid || isRunning(Number(pid))) continue
    // Its initdb may still be writing; it gives up when its directory vanishes.
    await rm(join(home.path, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  }
}

async function checkVersion(home: Home, { majorVersion }: Binaries): Promise<void> {
  const found = (await readFile(join(home.cluster, 'PG_VERSION'), 'utf8')).trim()
  if (found === String(majorVersion)) return
  throw new EmbeddedPostgresError(
    'WRONG_VERSION',
    `The database in ${home.dataDir} was created by PostgreSQL ${found}, ` +
      `but this Assay has PostgreSQL ${majorVersion}: back it up with the Assay that created it (assay backup), and restore ` +
      'it with this one into another --data-dir (assay restore).',
  )
}

/** The operating system users that may connect through the socket: root and our own. */
async function writeAccessRules(home: Home): Promise<void> {
  if (usesTcp) return
  const users = new Set(['root', userInfo().username])
  await writeFile(join(home.cluster, 'pg_hba.conf'), 'local all all peer map=assay\n')
  await writeFile(
    join(home.cluster, 'pg_ident.conf'),
    [...users].map((user) => `assay "${user}" ${roleName}\n`).join(''),
  )
}
