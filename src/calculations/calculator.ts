/** The program of a calculator: calculates what it is asked, one thing after the other. It ends with who asks. */
import { constants, getPriority, setPriority } from 'node:os'
import { InvalidInputError, messageOf } from '../domain/errors.ts'
import type { Asked, Told } from './protocol.ts'

// Who asks answers others meanwhile.
setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL))

// A supervisor may stop all processes at once; this one is ended by its caller.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit(0))
process.on('message', async ({ module, input }: Asked) => say(await answer(module, input)))

function say(told: Told): void {
  process.send?.(told)
}

async function answer(module: string, input: unknown): Promise<Told> {
  try {
    const { calculate } = (await import(module)) as { calculate: (input: unknown) => unknown }
    say({ begun: true })
    return { output: await calculate(input) }
  } catch (error) {
    if (error instanceof InvalidInputError) return { error: error.message, path: error.path }
    return { error: messageOf(error) }
  }
}
