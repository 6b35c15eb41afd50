/** Why a command cannot go on, in words for the person who typed it. */
export class CliError extends Error {
  override readonly name = 'CliError'
}

/** What to print of an error before ending with status 1: one sentence of ours, or, for a defect, all that is known. */
export function explain(error: unknown): string {
  if (error instanceof CliError) return error.message
  return `Assay failed unexpectedly. ${error instanceof Error ? error.stack : String(error)}`
}
