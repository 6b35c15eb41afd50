/**
 * The address of the server: its Unix socket, which only we can open; on Windows, where Node cannot use one, a port on
 * the loopback address with a generated password.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from './home.ts'

export const roleName = 'assay'
export const databaseName = 'assay'

type Address = { host: string; port: number; password?: string }

export const usesTcp = process.platform === 'win32'

/** The address of the server that is running or ran last; `undefined` before the first. */
export function addressOf(home: Home): Address | undefined {
  if (!usesTcp) return { host: home.socketDir, port: 5432 }
  const port = Number(readPidFile(home)?.[3])
  return port > 0 ? { host: '127.0.0.1', port, password: readFileSync(home.passwordFile, 'utf8') } : undefined
}

/** The URL of Assay's database for any PostgreSQL client. */
export function urlOf({ host, port, password }: Address): string {
  return password === undefined
    ? `postgresql://${roleName}@localhost/${databaseName}?host=${encodeURIComponent(host)}`
    : `postgresql://${roleName}:${password}@${host}:${port}/${databaseName}`
}

/** The lines of PostgreSQL's lock file: process id, directory, start time, port, socket directory … */
export function readPidFile(home: Home): string[] | undefined {
  try {
    return readFileSync(join(home.cluster, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
}
