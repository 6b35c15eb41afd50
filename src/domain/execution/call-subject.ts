import { encodeGlobalId } from '../global-id.ts'

/** What a call is about: an execution of an item, a run as a whole, or a preview. The ids are raw. */
export type CallSubject =
  | { runId: string; ordinal: number; itemId: string; attempt: number }
  | { runId: string; ordinal: null; attempt: number }
  | { preview: string }

/** What a call of the task or of an evaluator of an item is about. @param attempt from 1 */
export function subjectOf(
  runId: string,
  { ordinal, itemId }: { ordinal: number; itemId: string },
  attempt: number,
): CallSubject {
  return { runId, ordinal, itemId, attempt }
}

/** Its fields in the log. */
export function logFields(subject: CallSubject): Record<string, string | number> {
  if ('preview' in subject) return subject
  const { runId, attempt } = subject
  const run = { runId: encodeGlobalId('Run', runId), attempt }
  if (subject.ordinal === null) return run
  return {
    ...run,
    runItemId: encodeGlobalId('RunItem', `${runId}:${subject.ordinal}`),
    itemId: encodeGlobalId('DatasetItem', subject.itemId),
  }
}

/** Whose calculations it takes turns with. */
export function groupOf(subject: CallSubject | undefined): string {
  if (!subject) return 'others'
  return 'preview' in subject ? subject.preview : subject.runId
}
