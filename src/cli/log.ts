/** The log of a process goes to stderr: readable lines on a terminal, JSON elsewhere. */
import { type Logger, pino, stdTimeFunctions } from 'pino'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const marks: Record<number, string> = { 20: 'debug  ', 30: '', 40: 'warning  ', 50: 'error  ', 60: 'fatal  ' }

/** Parts of logged errors and requests that may contain secrets: headers of tasks and callers, keys, connections. */
const secretNames = ['headers', 'authorization', 'Authorization', 'cookie', 'password', 'apiKey', 'connectionString']
const secrets = ['', '*.', '*.*.'].flatMap((depth) => secretNames.map((name) => `${depth}${name}`))

/** A logger at `level`, default `info`. `pretty` defaults to whether stderr is a terminal. */
export function openLog(level: LogLevel = 'info', pretty: boolean = process.stderr.isTTY === true): Logger {
  const options = { level, base: null, timestamp: stdTimeFunctions.isoTime, redact: secrets }
  // Synchronous, so that the last lines of an exiting process are not lost.
  if (!pretty) {
    const stderr = pino.destination({ dest: 2, sync: true })
    // The reader may be gone.
    stderr.on('error', () => {})
    return pino(options, stderr)
  }
  return pino(options, { write: (line: string) => void process.stderr.write(`${forTerminal(line)}\n`) })
}

/** Formats one JSON line of pino for a terminal. */
function forTerminal(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown> & {
    level: number
    time: string
    err?: { message: string; stack?: string }
  }
  const clock = new Date(time).toLocaleTimeString('en-GB')
  const details = Object.entries(fields).map(
    ([name, value]) => `  ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const cause = err ? `\n${(level >= 50 ? err.stack : undefined) ?? err.message}` : ''
  return `${clock}  ${marks[level] ?? ''}${msg ?? ''}${details.join('')}${cause}`
}
