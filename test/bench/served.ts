/** `assay serve` as it is shipped, and what all its processes together cost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import { encodeGlobalId } from '../../src/domain/global-id.ts'

/** The cost of one run, of server, worker and function hosts together; memory is what is resident at most. */
export interface Measured {
  runId: string
  seconds: number
  cpuMs: number
  peakMb: number
  /** Results that the subscriber got. */
  delivered: number
}

export interface Served extends AsyncDisposable {
  url: string
  /** Of the server alone. */
  pid: number
  /** From the start of the process to its first answer, in milliseconds. */
  readyMs: number
  /** Executes a run with one live subscriber. @param start starts it and returns its id, without its type */
  measure(start: () => Promise<string>): Promise<Measured>
}

const root = join(import.meta.dirname, '../..')
/** Of the clock in which Linux counts the CPU time of processes, in milliseconds. */
const tickMs = 10

const feed = `subscription ($id: ID!) {
  runFeed(runId: $id) { done items { id status output latencyMs scores { name value label } } }
}`

/** Starts a server with the tasks of test/helpers/fast-tasks.config.ts on a database. Linux only: it reads /proc. */
export async function serve(databaseUrl: string, options: string[] = []): Promise<Served> {
  const args = ['src/cli/bin.mjs', 'serve', '--port', '0', '--config', 'test/helpers/fast-tasks.config.ts']
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...args, ...options, '--log-level', 'warn'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await urlOf(child)
  const readyMs = performance.now() - startedAt
  const pid = child.pid as number
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql` })

  return {
    url,
    pid,
    readyMs,
    async measure(start) {
      let peak = 0
      const watch = setInterval(() => {
        peak = Math.max(peak, sum(processesOf(pid), residentMb))
      }, 100)
      const cpu = sum(processesOf(pid), cpuMsOf)
      const begunAt = performance.now()
      const runId = await start()
      let delivered = 0
      const batches = client.iterate<{ runFeed: { items: { status: string }[] } }>({
        query: feed,
        variables: { id: encodeGlobalId('Run', runId) },
      })
      for await (const { data, errors } of batches) {
        if (!data) throw new Error(JSON.stringify(errors))
        for (const { status } of data.runFeed.items) if (status === 'SUCCEEDED') delivered += 1
      }
      const seconds = (performance.now() - begunAt) / 1_000
      clearInterval(watch)
      return { runId, seconds, cpuMs: sum(processesOf(pid), cpuMsOf) - cpu, peakMb: peak, delivered }
    },
    async [Symbol.asyncDispose]() {
      await client.dispose()
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function urlOf(child: ChildProcess): Promise<string> {
  let output = ''
  for await (const chunk of child.stdout ?? []) {
    output += chunk
    const [, url] = /GraphiQL +(http\S+)\/graphql[\s\S]*Ctrl-C/.exec(output) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`the server has ended: ${output}`)
}

/** A process and all that it started, directly or not. */
export function processesOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? Number(statOf(Number(name))?.[1]) : Number.NaN
    if (!Number.isNaN(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const all = [pid]
  for (const one of all) all.push(...(children.get(one) ?? []))
  return all
}

/** Its CPU time, and that of the processes that it started and that have ended. */
export function cpuMsOf(pid: number): number {
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = (statOf(pid) ?? []).slice(11, 15).map(Number)
  return (user + system + endedUser + endedSystem) * tickMs
}

export function residentMb(pid: number): number {
  return statusMb(pid, 'VmRSS')
}

/** Resident memory without the pages of files: those of Node's program are there once for all its processes. */
export function ownMb(pid: number): number {
  return statusMb(pid, 'RssAnon')
}

function statusMb(pid: number, name: 'VmRSS' | 'RssAnon'): number {
  try {
    const [, kb] = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kb ?? 0) / 1_024
  } catch {
    return 0
  }
}

/** The fields of /proc/<pid>/stat from the state on, which follow a name that may contain anything. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0)
}
