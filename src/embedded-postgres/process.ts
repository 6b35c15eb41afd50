/** Which processes are alive, and which of them are PostgreSQL on our cluster. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { codeOf } from './error.ts'

/** Whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Sends a signal; ignores a process that has already ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}

/**
 * Whether the process belongs to the PostgreSQL on this cluster. Process ids are reused, and a zombie still has one: on
 * Linux this checks the working directory, which is the cluster for every process of its server. Elsewhere the id has
 * to do.
 */
export function servesCluster(pid: number, cluster: string): boolean {
  if (process.platform !== 'linux') return isRunning(pid)
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    return name === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === cluster
  } catch {
    return false
  }
}

/** All processes of the server on this cluster. Linux only; empty elsewhere. */
export function clusterProcesses(cluster: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && servesCluster(pid, cluster))
}
