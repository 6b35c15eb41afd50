/**
 * `<data directory>/postgres` contains everything of one embedded PostgreSQL, and nothing else:
 *
 *     cluster/        PostgreSQL's own data directory
 *     socket/         its Unix socket (elsewhere if that path would be too long)
 *     password        only where the server must listen on TCP
 *     postgres.log    the server's log; one older file is kept
 *
 * All of it is inaccessible to other users of the machine.
 */
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, lchown, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Account, serverAccount } from './account.ts'
import { EmbeddedPostgresError } from './error.ts'
import { makeDirectory } from './make-directory.ts'

export type Home = {
  /** The directory as the user wrote it, for messages. */
  dataDir: string
  path: string
  cluster: string
  socketDir: string
  passwordFile: string
  log: string
  /** The account that runs PostgreSQL, if not our own. */
  account: Account | undefined
}

/** macOS allows 104 bytes including the final zero, Linux 108. */
const maxSocketPathBytes = 103
const ownEntries = /^(cluster|socket$|password$|postgres\.log|postgresql-)/

/** Whether a data directory has a database. */
export function hasCluster(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres', 'cluster', 'PG_VERSION'))
}

/** Creates or checks the directory. */
export async function openHome(dataDir: string): Promise<Home> {
  await makeDirectory(join(dataDir, 'postgres'), 0o700)
  const path = await realpath(join(dataDir, 'postgres'))
  await refuseForeignContent(dataDir, path)
  const cluster = join(path, 'cluster')
  const home: Home = {
    dataDir,
    path,
    cluster,
    socketDir: socketDirFor(path),
    passwordFile: join(path, 'password'),
    log: join(path, 'postgres.log'),
    account: await serverAccount(cluster),
  }
  await mkdir(home.socketDir, { recursive: true, mode: 0o700 })
  if (home.account) await giveTo(home.account, home)
  await refuseForeignSocketDir(home)
  await chmod(path, 0o700)
  await chmod(home.socketDir, 0o700)
  return home
}

/** `path` as the server must name it: see account.ts about the descriptor. */
export function asServerSees(home: Home, path: string): string {
  const throughDescriptor = home.account && process.platform === 'linux'
  return throughDescriptor && path.startsWith(home.path) ? `/proc/self/fd/3${path.slice(home.path.length)}` : path
}

async function refuseForeignContent(dataDir: string, path: string): Promise<void> {
  const foreign = (await readdir(path)).find((name) => !ownEntries.test(name))
  const isCluster = (await stat(join(dataDir, 'PG_VERSION')).catch(() => undefined)) !== undefined
  if (foreign === undefined && !isCluster) return
  const found = isCluster ? `${dataDir} is itself a PostgreSQL data directory` : `${path} contains "${foreign}"`
  throw new EmbeddedPostgresError('FOREIGN_CONTENT', `${found}, which Assay did not put there: use another --data-dir.`)
}

function socketDirFor(path: string): string {
  const short = `assay-${hash('sha256', path).slice(0, 16)}`
  const fits = (dir: string) => Buffer.byteLength(join(dir, '.s.PGSQL.5432')) <= maxSocketPathBytes
  return [join(path, 'socket'), join(tmpdir(), short)].find(fits) ?? join('/tmp', short)
}

async function giveTo({ uid, gid }: Account, { path, cluster, socketDir }: Home): Promise<void> {
  const own = async (file: string) => {
    const owner = (await lstat(file).catch(() => undefined))?.uid
    if (owner === 0) await lchown(file, uid, gid)
    return owner === 0
  }
  await own(path)
  await own(socketDir)
  // The cluster may have been restored or copied by root.
  if (await own(cluster)) for (const name of await readdir(cluster, { recursive: true })) await own(join(cluster, name))
}

/** A short socket directory is in a world-writable directory. */
async function refuseForeignSocketDir({ socketDir, account }: Home): Promise<void> {
  const found = await lstat(socketDir)
  const expected = account?.uid ?? process.getuid?.() ?? found.uid
  if (found.isDirectory() && found.uid === expected) return
  throw new EmbeddedPostgresError(
    'UNWRITABLE',
    `${socketDir} must be a directory of user ${expected} for the database socket, ` +
      `but belongs to user ${found.uid}: remove it.`,
  )
}
