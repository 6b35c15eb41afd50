/** A run, the result of an experiment, or the id of a run. */
export type RunLike = string | { id: string } | { runId?: string }

/** @throws {TypeError} a result that was not recorded */
export function runIdOf(run: RunLike): string {
  const id = typeof run === 'string' ? run : 'id' in run ? run.id : run.runId
  if (id !== undefined) return id
  throw new TypeError('Expected a run that was recorded, got a result of `record: false` or without items.')
}
