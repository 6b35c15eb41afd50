import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const isLinux = process.platform === 'linux'

/** How often to look, in milliseconds: elsewhere than on Linux it takes a process. */
export const measureMs = isLinux ? 100 : 1_000

/** The resident memory of a process in bytes; null when it is gone, or the platform does not say. */
export async function residentBytes(pid: number): Promise<number | null> {
  try {
    if (process.platform === 'win32') return null
    const [kilobytes] = /\d+/.exec(isLinux ? residentLine(pid) : await printedByPs(pid)) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1_024
  } catch {
    return null
  }
}

/** Without it, the process has ended and waits to be noticed. */
function residentLine(pid: number): string {
  return /^VmRSS:.*$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[0] ?? ''
}

async function printedByPs(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return stdout
}
