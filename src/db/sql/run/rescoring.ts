/** Whether the outputs of a run are being scored again. @param run its alias */
export function isRescored(run: string): string {
  return `COALESCE(${run}.rescoring ->> 'status' = 'RUNNING', false)`
}
