/** `assay demo`: two versions of a classifier race on support tickets. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'

const program = fileURLToPath(new URL('../../examples/support-tickets/demo.ts', import.meta.url))

export function demoCommand(): Command {
  return new Command('demo')
    .description('Run two versions of a ticket classifier live against each other, and keep serving.')
    .argument('[options...]', 'those of the demo: --pace <ms>, --model <provider/model>, --exit')
    .allowUnknownOption()
    .action(async (options: string[]) => {
      const child = spawn(process.execPath, [program, ...options], { stdio: 'inherit' })
      // The terminal sends them to both.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
      process.on('SIGTERM', () => child.kill('SIGTERM'))
      process.exitCode = await new Promise<number>((settle) => child.once('exit', (code) => settle(code ?? 1)))
    })
}
