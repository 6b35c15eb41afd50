/** What Assay needs of the machine. */
import { existsSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import manifest from '../../../package.json' with { type: 'json' }
import { isAssay } from '../running-server.ts'
import { type Finding, ok, problem, warning } from './check.ts'

export function checkVersions(node = process.version): Finding {
  const said = `Assay ${manifest.version}, Node ${node}, ${process.platform} ${process.arch}`
  const [major = 0, minor = 0] = node.slice(1).split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return ok('versions', said)
  return problem('versions', `${said}: Node 22.18 or newer is needed, from https://nodejs.org.`)
}

/** PostgreSQL stops when it cannot write; below the second number there is little time left. */
const fullBytes = 128 * 1024 * 1024
const lowBytes = 1024 * 1024 * 1024

/** @param freeBytes default: of the file system */
export async function checkDisk(dataDir: string, freeBytes = freeBytesOf): Promise<Finding> {
  const directory = resolve(dataDir)
  const place = existing(directory)
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    return problem(
      'disk',
      `${place} cannot be used (${(error as Error).message}): make it readable and writable for this user, or move the data directory (--data-dir).`,
    )
  }
  const free = await freeBytes(directory)
  const megabytes = Math.floor(free / 1024 / 1024)
  const said = `${megabytes >= 10_240 ? `${Math.floor(megabytes / 1024)} GB` : `${megabytes} MB`} are free in ${directory}`
  if (free < fullBytes) {
    return problem(
      'disk',
      `${said}, and PostgreSQL stops when it cannot write: free some space there, or move the directory (--data-dir).`,
    )
  }
  if (free < lowBytes)
    return warning('disk', `${said}: runs need space for outputs and scores; delete runs or move it.`)
  return ok('disk', `${said}.`)
}

/** Of the directory, or where it would be made. */
async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(existing(directory))
  return bavail * bsize
}

/** The directory, or the one in which it would be made. */
function existing(directory: string): string {
  let place = directory
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  return place
}

export async function checkPort(host: string, port: number): Promise<Finding> {
  const code = await new Promise<string | null>((settle) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => settle(null)))
  })
  const place = `Port ${port} of ${host}`
  if (code === null) return ok('port', `${place} is free.`)
  if (code === 'EADDRINUSE') {
    const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`
    if (await isAssay(url)) return ok('port', `An Assay server is running at ${url}.`)
    return problem('port', `${place} is used by another program: stop it, or use \`assay serve --port ${port + 1}\`.`)
  }
  if (code === 'EACCES')
    return problem('port', `${place} may not be used by this user: choose one above 1023 (--port).`)
  if (code === 'EADDRNOTAVAIL')
    return problem('port', `${host} is not an address of this machine: choose another (--host).`)
  return problem('port', `${place} cannot be used: ${code}.`)
}

const pages = fileURLToPath(new URL('../../../dist/dashboard/index.html', import.meta.url))

export function checkPages(): Finding {
  if (existsSync(pages)) return ok('dashboard', 'The pages are built.')
  return warning('dashboard', 'The pages are not built: `npm run build:dashboard`, or start with `npm start`.')
}
