/** Turns any failure into one sentence for the user. */
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, EmbeddedPostgresError } from './error.ts'

/** With less free space than this, a failure is attributed to the disk: a full one cannot even hold the message. */
const minFreeBytes = 20_000_000

export async function explain(error: unknown, dataDir: string): Promise<EmbeddedPostgresError> {
  if (error instanceof EmbeddedPostgresError) return error
  const message = error instanceof Error ? error.message : String(error)
  const fail = (code: EmbeddedPostgresError['code'], sentence: string) =>
    new EmbeddedPostgresError(code, sentence, { cause: error })

  const free = await freeBytes(dataDir)
  if (codeOf(error) === 'ENOSPC' || /no space left|disk quota exceeded/i.test(message) || free < minFreeBytes) {
    const left = Number.isFinite(free) ? `${Math.floor(free / 1e6)} MB are free` : 'nothing is free'
    return fail(
      'DISK_FULL',
      `The disk of ${dataDir} is full (${left}): free some space there, or use another --data-dir.`,
    )
  }
  if (
    /EACCES|EPERM|EROFS|ENOTDIR|EEXIST/.test(codeOf(error) ?? '') ||
    /permission denied|not permitted|read-only file system|wrong ownership/i.test(message)
  ) {
    return fail(
      'UNWRITABLE',
      `Assay cannot use the data directory ${dataDir} (${lastLine(message)}): ` +
        'make it readable and writable for this user, or use another --data-dir.',
    )
  }
  return fail(
    'START_FAILED',
    `The embedded PostgreSQL in ${dataDir} does not start: ${lastLine(message)}. ` +
      `Its log is ${dataDir}/postgres/postgres.log.`,
  )
}

async function freeBytes(dataDir: string): Promise<number> {
  let dir = dataDir
  while (!existsSync(dir) && dirname(dir) !== dir) dir = dirname(dir)
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}

/** The server's error message, without timestamps and what led to it. */
function lastLine(output: string): string {
  const lines = output.trim().split('\n')
  const complaint = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? ''
  return complaint.replace(/^.*?(FATAL|PANIC|error): +/, '').trim()
}
