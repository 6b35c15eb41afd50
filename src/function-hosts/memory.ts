import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const pageBytes = 4_096

/** The resident memory of a process in bytes; null when it is gone, or the platform does not say. */
export function residentBytes(pid: number): number | null {
  try {
    if (process.platform === 'linux') {
      const [, pages = ''] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
      return Number(pages) * pageBytes
    }
    if (process.platform === 'win32') return null
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024
  } catch {
    return null
  }
}
