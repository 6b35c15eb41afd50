import { readFileSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import type pg from 'pg'

/** Linux takes one new priority of a session in 100 ms from who is not root. */
const sessionRetryMs = 150
const sessionTries = 100

/** Between that of a server and that of the worker beside it. */
const givingWayPriority = 5

/**
 * Lets the database work for a connection with less priority than for the requests of clients, or with that of this process
 * where it is lower: the statements of a worker beside a server would run above it otherwise. Only for a database on this
 * machine whose processes may be changed, as the embedded one: elsewhere nothing happens.
 */
export function giveWay(client: pg.PoolClient): void {
  setBackendPriority(client, Math.max(getPriority(), givingWayPriority))
}

function setBackendPriority(client: pg.PoolClient, priority: number): void {
  const { processID } = client as pg.PoolClient & { processID: number | null }
  if (!processID || !isLocalBackend(processID)) return
  try {
    setSessionPriority(processID, priority)
  } catch {
    // It belongs to another user.
  }
}

/**
 * Sets the priority of a process that leads its session, as every process of PostgreSQL does: 0, that of most programs, to
 * 19, the lowest. Where Linux first shares the processors between sessions (`kernel.sched_autogroup_enabled`), a priority
 * counts only inside of one, so that the session gets it, too.
 *
 * @throws it belongs to another user, or has ended
 */
export function setSessionPriority(processId: number, priority: number): void {
  setPriority(processId, priority)
  if (process.platform === 'linux') writeSessionPriority(processId, priority, sessionTries)
}

function writeSessionPriority(processId: number, priority: number, tries: number): void {
  try {
    writeFileSync(`/proc/${processId}/autogroup`, String(priority))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries <= 1) return
    setTimeout(() => writeSessionPriority(processId, priority, tries - 1), sessionRetryMs).unref()
  }
}

/** Of Linux: a process with the number that the database names, which may be on another machine or in a container. */
function isLocalBackend(processId: number): boolean {
  try {
    return /^postgres: .*\[local\]/.test(readFileSync(`/proc/${processId}/cmdline`, 'utf8'))
  } catch {
    return false
  }
}
