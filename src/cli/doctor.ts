/** `assay doctor`: looks at everything that Assay needs, and says what to do. */
import { styleText } from 'node:util'
import { Command, Option } from 'commander'
import { exitStatus } from './cli-error.ts'
import { type Finding, problem, skipped } from './doctor/check.ts'
import { jsonOption, oneLine, printJson, printLine } from './output.ts'
import { wholeNumber } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

interface DoctorOptions extends ServerOptions {
  host: string
  port: number
  json: boolean
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('Check the machine, the database, keys and providers, and say what to do.')
    .addOption(new Option('--host <address>', 'the address that the server is to listen on').default('127.0.0.1'))
    .addOption(new Option('--port <number>', 'and its port').argParser(wholeNumber(0, 65_535)).default(4000))
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Looks at versions, disk, port, database, schema, its settings, clock, keys, the key of stored secrets, the server and its providers.
With --url or ASSAY_URL only at that server and its providers. Nothing is changed, and no model is called.

Exit status: 0 all is well, perhaps with warnings; 1 there is a problem.

Examples:
  $ assay doctor
  $ assay doctor --url https://assay.example`,
    )
    .action((options: DoctorOptions) => diagnose(options))
}

async function diagnose(options: DoctorOptions): Promise<void> {
  const findings = options.url === undefined ? await lookAtAll(options) : await lookAtServer(options)
  if (options.json) printJson(findings)
  else {
    const width = Math.max(...findings.map(({ name }) => name.length))
    for (const { name, result, message } of findings) {
      printLine(`${signs[result]()} ${name.padEnd(width)}  ${oneLine(message)}`)
    }
  }
  process.exitCode = findings.some(({ result }) => result === 'PROBLEM') ? exitStatus.error : exitStatus.passed
}

const stream = process.stdout
const signs: Record<Finding['result'], () => string> = {
  OK: () => styleText('green', '✓', { stream }),
  WARNING: () => styleText('yellow', '!', { stream }),
  PROBLEM: () => styleText('red', '✗', { stream }),
  SKIPPED: () => '-',
}

async function lookAtAll(options: DoctorOptions): Promise<Finding[]> {
  const { dataDir, host, port } = options
  const { env } = process
  const { checkDisk, checkPages, checkPort, checkVersions } = await import('./doctor/check-machine.ts')
  const { checkDatabase } = await import('./doctor/check-database.ts')
  const { hasCluster } = await import('../embedded-postgres/home.ts')
  const databaseUrl = env.DATABASE_URL || null
  const found = [
    checkVersions(),
    ...(databaseUrl === null ? [await checkDisk(dataDir)] : []),
    await checkPort(host, port),
    checkPages(),
  ]
  if (databaseUrl === null && !hasCluster(dataDir)) {
    return [...found, skipped('database', `There is none in ${dataDir} yet: the first \`assay serve\` makes it.`)]
  }
  const database = await checkDatabase({ databaseUrl, dataDir, env })
  found.push(...database)
  // A server would migrate an older schema.
  const usable = database.every(({ name, result }) => result === 'OK' || (result === 'WARNING' && name !== 'schema'))
  if (usable) return [...found, ...(await lookAtServer(options))]
  return [...found, skipped('server', 'It is looked at when the problems above are solved.')]
}

async function lookAtServer(options: DoctorOptions): Promise<Finding[]> {
  const { checkServer } = await import('./doctor/check-providers.ts')
  try {
    return await withServer(options, ({ client }) => checkServer(client))
  } catch (error) {
    return [problem('server', error instanceof Error ? error.message : String(error))]
  }
}
