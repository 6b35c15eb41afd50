/** Assay as users start it: a separate process, observed through its output and exit status. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

export const root = resolve(import.meta.dirname, '../..')

export type Spawned = {
  process: ChildProcess
  /** Its output so far. */
  readonly stdout: string
  readonly stderr: string
  /** Waits for the first match in stdout; rejects when the process exits before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** The exit status, once all output has arrived; the signal's name if one killed it. */
  exited: Promise<number | NodeJS.Signals>
}

type SpawnOptions = { env?: Record<string, string>; cwd?: string; input?: string }

/** Runs `node script …` until the test ends. */
export function spawnNode(args: string[], { env = {}, cwd = root, input }: SpawnOptions = {}): Spawned {
  const { DATABASE_URL: _database, ASSAY_DATA_DIR: _dataDir, ASSAY_URL: _url, ...inherited } = process.env
  const child = spawn(process.execPath, args, { cwd, env: { ...inherited, ...env }, stdio: 'pipe' })
  // It may end without having read it.
  child.stdin.on('error', () => {}).end(input)
  let stdout = ''
  let stderr = ''
  const stdoutEvents = new EventTarget()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    stdoutEvents.dispatchEvent(new Event('stdout'))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<number | NodeJS.Signals>((settle) => {
    child.once('close', (code, signal) => settle(code ?? signal ?? 'SIGKILL'))
  })
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
  })
  return {
    process: child,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    exited,
    says: (pattern) =>
      new Promise((settle, reject) => {
        const check = () => {
          const match = pattern.exec(stdout)
          if (match) settle(match)
        }
        stdoutEvents.addEventListener('stdout', check)
        void exited.then((status) => reject(new Error(`ended with ${status} before ${pattern}:\n${stdout}\n${stderr}`)))
        check()
      }),
  }
}

/** Runs the command line. */
export function spawnAssay(args: string[], options?: SpawnOptions): Spawned {
  return spawnNode([join(root, 'src/cli/bin.mjs'), ...args], options)
}

/** Starts a server on a free port and waits until it is ready. */
export async function spawnServer(args: string[], options?: SpawnOptions): Promise<Spawned & { url: string }> {
  const server = spawnAssay(['serve', '--port', '0', ...args], options)
  const [, url = ''] = await server.says(/GraphiQL +(http\S+)\/graphql[\s\S]*Ctrl-C/)
  return Object.assign(server, { url })
}

/** An empty directory, removed after the test. */
export async function makeTemporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'assay-cli-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** One GraphQL request with plain fetch. @returns `data` */
export async function ask<Data>(url: string, query: string, variables: object = {}): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}
