/** All commands of `assay`. */
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { backupCommand, restoreCommand } from './backup.ts'
import { compareCommand } from './compare.ts'
import { addCompletion } from './completion.ts'
import { controlCommands } from './control-run.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { exportCommand } from './export.ts'
import { gateCommand } from './gate.ts'
import { importCommand } from './import.ts'
import { initCommand } from './init.ts'
import { keysCommand } from './keys.ts'
import { listCommand } from './list.ts'
import { mcpCommand } from './mcp.ts'
import { planCommand } from './plan.ts'
import { quotaCommand } from './quota.ts'
import { rescoreCommand } from './rescore.ts'
import { retentionCommand } from './retention.ts'
import { reviewCommand } from './review.ts'
import { runCommand } from './run.ts'
import { serveCommand, workerCommand } from './serve.ts'
import { showCommand } from './show.ts'
import { watchCommand } from './watch.ts'

const groups = {
  'Start:': () => [initCommand(), demoCommand(), serveCommand(), workerCommand()],
  'Data:': () => [importCommand(), exportCommand()],
  'Runs:': () => [runCommand(), listCommand(), showCommand(), watchCommand(), ...controlCommands()],
  'Judge:': () => [compareCommand(), gateCommand(), planCommand(), rescoreCommand(), reviewCommand(), mcpCommand()],
  'Operate:': () => [
    keysCommand(),
    quotaCommand(),
    retentionCommand(),
    doctorCommand(),
    backupCommand(),
    restoreCommand(),
  ],
}

export function createProgram(): Command {
  const program = new Command('assay')
    .description('Runs experiments on AI systems and says, with statistics, which run is better.')
    .version(manifest.version)
    .showHelpAfterError('Use --help to see the options of this command.')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `
A first experiment:
  $ assay init                      writes a config, a dataset and an experiment
  $ assay run experiment.yaml       runs it, and shows the result
  $ assay serve                     keeps a server, with the results as pages in the browser

ASSAY_URL and ASSAY_API_KEY say which server and who; a file .env in the current folder may have them.`,
    )
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const command of commands()) program.addCommand(command)
  }
  addCompletion(program)
  return program
}
