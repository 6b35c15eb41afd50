/** The command line: exits with 0, with 1 and a sentence on stderr, or with 2 for options and arguments that are wrong. */
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { explain } from './cli-error.ts'
import { importCommand } from './import.ts'
import { keysCommand } from './keys.ts'
import { mcpCommand } from './mcp.ts'
import { runCommand } from './run.ts'
import { serveCommand, workerCommand } from './serve.ts'

const program = new Command('assay')
  .description('Runs experiments on AI systems and says, with statistics, which run is better.')
  .version(manifest.version)
  .showHelpAfterError('Use --help to see the options of this command.')
  .configureHelp({ showGlobalOptions: true })
  .addCommand(serveCommand())
  .addCommand(workerCommand())
  .addCommand(importCommand())
  .addCommand(runCommand())
  .addCommand(keysCommand())
  .addCommand(mcpCommand())
  .addHelpText(
    'after',
    `
A first experiment:
  $ assay serve                                          in one terminal; the rest in another
  $ assay import questions.jsonl --dataset questions     one JSON object a line: {"input": …, "expectedOutput": …}
  $ open http://127.0.0.1:4000/graphql                   create an experiment on it, with the examples there
  $ assay run "my experiment"                            watch it run`,
  )

for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
}

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = 1
}
