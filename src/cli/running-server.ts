/** Which server is running on a data directory: it says so in `server.json`, so that other commands find it on any port. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../embedded-postgres/make-directory.ts'

interface Announcement {
  url: string
  pid: number
}

const fileName = 'server.json'

/** Announces the server of this process. */
export async function announceServer(dataDir: string, url: string): Promise<void> {
  await makeDirectory(dataDir)
  const said: Announcement = { url, pid: process.pid }
  await writeFile(join(dataDir, fileName), `${JSON.stringify(said)}\n`, { mode: 0o600 })
}

/** Takes the announcement of this process back. */
export async function withdrawServer(dataDir: string): Promise<void> {
  if ((await readAnnouncement(dataDir))?.pid === process.pid) await rm(join(dataDir, fileName), { force: true })
}

/** The URL of the server that is running on a data directory; null when there is none. */
export async function runningServer(dataDir: string): Promise<string | null> {
  const said = await readAnnouncement(dataDir)
  // A server that was killed could not take it back, and another program may have its number or its port by now.
  return said && (await isAssay(said.url)) ? said.url : null
}

/** Whether an Assay server answers at a URL. */
export async function isAssay(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    const { checks } = (await response.json()) as { checks?: { migrations?: unknown } }
    return checks?.migrations !== undefined
  } catch {
    return false
  }
}

async function readAnnouncement(dataDir: string): Promise<Announcement | null> {
  try {
    const said = JSON.parse(await readFile(join(dataDir, fileName), 'utf8')) as Partial<Announcement>
    return typeof said.url === 'string' && typeof said.pid === 'number' ? { url: said.url, pid: said.pid } : null
  } catch {
    return null
  }
}
