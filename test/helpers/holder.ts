/**
 * A process that holds an embedded PostgreSQL until SIGTERM: `node holder.ts <data directory> [uid]`.
 * It prints a line of JSON: the server that it started, or why it could not; and another one if it loses its server.
 */
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts'

const [dataDir = '', uid] = process.argv.slice(2)
if (uid) {
  process.setgroups?.([])
  process.setgid?.(Number(uid))
  process.setuid?.(Number(uid))
}

try {
  const server = await startEmbeddedPostgres({ dataDir })
  process.once('SIGTERM', () => server.stop())
  say({ url: server.url, pid: server.pid })
  // Keeps the process alive, as the sockets of a server would.
  const alive = setInterval(() => {}, 1_000_000)
  const loss = await server.closed
  if (loss) say({ code: loss.code, message: loss.message })
  clearInterval(alive)
} catch (error) {
  const { code, message } = error as Error & { code?: string }
  say({ code, message })
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
