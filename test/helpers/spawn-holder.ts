/** Processes that hold an embedded PostgreSQL, for tests that kill them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'

const root = resolve(import.meta.dirname, '../..')

export const isRoot = process.getuid?.() === 0
/** An unprivileged account, for tests that run as root. */
export const nobodyUid = 65534

type Holder = {
  process: ChildProcess
  /** The server that it started, or why it could not. */
  said: { url: string; pid: number; code?: undefined } | { code: string; message: string; url?: undefined }
  /** Why it lost its server; pending until it does. */
  lost: Promise<{ code: string; message: string }>
  /** Ends it, by default with SIGTERM, and waits until it has exited. */
  end(signal?: NodeJS.Signals): Promise<void>
}

/** Starts a holder until the test ends, and waits for its first line. */
export async function spawnHolder(
  dataDir: string,
  { uid, checkout = root }: { uid?: number; checkout?: string } = {},
): Promise<Holder> {
  const child = spawnProcess(dataDir, checkout, uid)
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  onTestFinished(() => end())
  const lines = createInterface({ input: child.stdout })
  const [said] = await once(lines, 'line')
  const lost = once(lines, 'line').then(([line]) => JSON.parse(line))
  return { process: child, said: JSON.parse(said), lost, end }
}

/** Starts a holder without waiting. */
export function spawnProcess(dataDir: string, checkout = root, uid?: number) {
  const args = [join(checkout, 'test/helpers/holder.ts'), dataDir, ...(uid === undefined ? [] : [String(uid)])]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** The holder's server; fails the test when it has none. */
export function started(holder: Holder): { url: string; pid: number } {
  if (holder.said.url === undefined) throw new Error(holder.said.message)
  return holder.said
}

/** An empty directory, removed after the test with any server that a killed holder left in it. */
export async function makeDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'assay-embedded-'))
  onTestFinished(async () => {
    const orphan = await readFile(join(path, 'data/postgres/cluster/postmaster.pid')).catch(() => undefined)
    if (orphan) await (await startEmbeddedPostgres({ dataDir: join(path, 'data') })).stop()
    await rm(path, { recursive: true, force: true })
  })
  return path
}

/** A checkout of what the holder needs, installed without scripts: the links of the libraries are missing. */
export async function makeCheckout(): Promise<string> {
  const path = await makeDirectory()
  await chmod(path, 0o755)
  for (const part of ['src/embedded-postgres', 'test/helpers/holder.ts', 'package.json']) {
    await cp(join(root, part), join(path, part), { recursive: true })
  }
  const require = createRequire(import.meta.url)
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  const original = resolve(dirname(require.resolve(platform)), '..')
  const links = JSON.parse(await readFile(join(original, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[]
  const unlinked = new Set(links.map(({ target }) => join(original, target)))
  const filter = (source: string) => !unlinked.has(source) && !source.endsWith('.a')
  await cp(original, join(path, 'node_modules', platform), { recursive: true, filter })
  await symlink(resolve(dirname(require.resolve('pg')), '..'), join(path, 'node_modules/pg'))
  return path
}
