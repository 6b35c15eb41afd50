/**
 * The command line: exits with 0, with 1 and a sentence on stderr, with 2 for options and arguments that are wrong, with 100
 * for a gate that failed, or with 130 after Ctrl-C.
 */
import { type Command, CommanderError } from 'commander'
import { exitStatus, explain, statusOf } from './cli-error.ts'

// Before the options, some of which have their defaults from there.
try {
  process.loadEnvFile('.env')
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT') process.stderr.write(`.env cannot be read: ${message}\n`)
}
// Whoever reads the output may have enough, as `head` does: what the command does is done all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    if (stream === process.stdout) process.stderr.write(`Standard output cannot be written: ${error.message}.\n`)
    process.exit(exitStatus.error)
  })
}
// With a promise that never settles, of an experiment file for example, Node ends with a status of its own.
process.once('exit', (status) => {
  if (status === 13) process.exitCode = exitStatus.error
})

const { createProgram } = await import('./program.ts')
const program = createProgram()
for (const command of withDescendants(program)) command.exitOverride()

try {
  await program.parseAsync()
} catch (error) {
  // Commander has said it already.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? exitStatus.passed : exitStatus.usage)
  const message = explain(error)
  if (message) process.stderr.write(`${message}\n`)
  // What a command was waiting for must not keep it.
  process.exit(statusOf(error))
}

function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)]
}
