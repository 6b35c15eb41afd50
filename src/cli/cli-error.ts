/** Why a command cannot continue, as a message for the user who typed it. */
export class CliError extends Error {
  override readonly name: string = 'CliError'
}

/** Options or arguments that are wrong. */
export class UsageError extends CliError {
  override readonly name = 'UsageError'
}

/** Ctrl-C, or another signal to stop; the message says how to come back, or is empty. */
export class Interrupted extends CliError {
  override readonly name = 'Interrupted'
}

/** Exit statuses; 100 because 1 to 9 and above 128 are those of errors and signals. */
export const exitStatus = { passed: 0, error: 1, usage: 2, gateFailed: 100, interrupted: 130 } as const

/** The exit status for an error. */
export function statusOf(error: unknown): number {
  if (error instanceof Interrupted) return exitStatus.interrupted
  return error instanceof UsageError ? exitStatus.usage : exitStatus.error
}

/** The text to print for an error before exiting: one sentence or, for a bug, everything known. */
export function explain(error: unknown): string {
  if (error instanceof CliError) return error.message
  return `Assay failed unexpectedly. ${error instanceof Error ? error.stack : String(error)}`
}
