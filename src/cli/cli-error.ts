/** Why a command cannot continue, as a message for the user who typed it. */
export class CliError extends Error {
  override readonly name = 'CliError'
}

/** The text to print for an error before exiting with status 1: one sentence or, for a bug, everything known. */
export function explain(error: unknown): string {
  if (error instanceof CliError) return error.message
  return `Assay failed unexpectedly. ${error instanceof Error ? error.stack : String(error)}`
}
