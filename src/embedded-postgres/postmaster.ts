/**
 * The server process. It is detached: it outlives us, so that the next start can take it over, and Ctrl-C in our
 * terminal does not reach it.
 */
import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { addressOf, readPidFile, usesTcp } from './address.ts'
import type { Binaries } from './binaries.ts'
import { codeOf } from './error.ts'
import { asServerSees, type Home } from './home.ts'
import { clusterProcesses, servesCluster, signalProcess } from './process.ts'

/** PostgreSQL settings by name. */
export type Settings = Record<string, string>

/** A server that we started. Once it has ended, `output` is what it wrote to its log. */
export type Launched = { output?: string }

const maxLogBytes = 1_000_000

/** Starts a server and returns immediately. The server exits by itself if another one is running on the cluster. */
export async function launch(home: Home, binaries: Binaries, settings: Settings): Promise<Launched> {
  const size = statSync(home.log, { throwIfNoEntry: false })?.size ?? 0
  if (size > maxLogBytes) renameSync(home.log, `${home.log}.1`)
  const start = size > maxLogBytes ? 0 : size

  const all = { ...(await ownSettings(home)), ...settings }
  const args = ['-D', asServerSees(home, home.cluster)]
  for (const [name, value] of Object.entries(all)) args.push('-c', `${name}=${value}`)
  const log = openSync(home.log, 'a', 0o600)
  const directory = openSync(home.path, 'r')
  const child = spawn(binaries.postgres, args, {
    ...home.account,
    cwd: '/',
    env: { PATH: process.env.PATH },
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log, directory],
  })
  closeSync(log)
  closeSync(directory)
  child.unref()

  const launched: Launched = {}
  child.once('error', (error) => {
    launched.output = error.message
  })
  child.once('exit', (code, signal) => {
    launched.output = `${logFrom(home, start)}\nPostgreSQL ended with ${signal ?? `code ${code}`}`
  })
  return launched
}

/** What the server wrote to its log after this byte; nothing when the log is gone with its directory. */
function logFrom(home: Home, start: number): string {
  try {
    return readFileSync(home.log).subarray(start).toString()
  } catch {
    return ''
  }
}

async function ownSettings(home: Home): Promise<Settings> {
  return {
    listen_addresses: usesTcp ? '127.0.0.1' : '',
    unix_socket_directories: usesTcp ? '' : asServerSees(home, home.socketDir),
    // A restarted server keeps its port.
    port: String(addressOf(home)?.port ?? (await freePort())),
    max_connections: '100',
    shared_buffers: '128MB',
    wal_compression: 'on',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Log starts, stops and crashes only. A failed statement is reported to its client; logging it could fill the disk.
    log_min_messages: 'log',
    log_checkpoints: 'off',
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  return typeof address === 'object' && address ? address.port : 0
}

/** The process id of the server that is running on the cluster, if any. */
export function postmasterPid(home: Home): number | undefined {
  const pid = Number(readPidFile(home)?.[0])
  return pid > 0 && servesCluster(pid, home.cluster) ? pid : undefined
}

/** Stops the server, by force if it takes too long. Committed rows are safe either way. */
export async function stopPostmaster(home: Home, binaries: () => Promise<Binaries>): Promise<void> {
  const pid = postmasterPid(home)
  if (pid === undefined) return
  // Windows has no signals that a process can handle; pg_ctl has its own way there.
  const ask = async (signal: 'SIGINT' | 'SIGQUIT') =>
    usesTcp
      ? await promisify(execFile)((await binaries()).pgCtl, ['kill', signal.slice(3), String(pid)])
      : signalProcess(pid, signal)

  await ask('SIGINT')
  // PostgreSQL 18 hangs when stopped during crash recovery.
  if (await ended(pid, home, 5_000)) return
  await ask('SIGQUIT')
  if (await ended(pid, home, 5_000)) return
  for (const part of [pid, ...clusterProcesses(home.cluster)]) signalProcess(part, 'SIGKILL')
  if (!(await ended(pid, home, 5_000)))
    throw new Error(`PostgreSQL (process ${pid}) does not exit, not even on SIGKILL.`)
}

async function ended(pid: number, home: Home, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (servesCluster(pid, home.cluster)) {
    if (performance.now() > deadline) return false
    await delay(10)
  }
  return true
}

/** Kills the processes that a killed postmaster left behind: no server can start before they are gone. */
export function endSurvivors(home: Home): void {
  if (postmasterPid(home) !== undefined) return
  for (const pid of clusterProcesses(home.cluster)) signalProcess(pid, 'SIGKILL')
}

/**
 * Removes lock files whose process id now belongs to another program, which PostgreSQL itself cannot detect. Only where
 * we can see that no process is working on the cluster: two servers would destroy it.
 */
export function removeStaleLocks(home: Home): void {
  if (process.platform !== 'linux') return
  for (const file of [join(home.cluster, 'postmaster.pid'), join(home.socketDir, '.s.PGSQL.5432.lock')]) {
    const stale = readLock(file)
    if (stale === undefined || clusterProcesses(home.cluster).length > 0) continue
    const aside = `${file}.${process.pid}`
    if (!renamed(file, aside)) continue
    // Another process may have started a server in between.
    if (readLock(aside) === stale) rmSync(aside)
    else renameSync(aside, file)
  }
}

/** False when another process has already renamed it. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function readLock(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
