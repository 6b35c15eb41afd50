import type { ClaimedItem } from '../../db/sql/run-item/claim-items.ts'
import type { TaskItem } from '../../domain/execution/task.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'

/** What a task gets of a claimed item. */
export function taskItem(item: ClaimedItem): TaskItem {
  const { itemId, key, input, expectedOutput, metadata, tags, repetition, attempts: attempt } = item
  return { id: encodeGlobalId('DatasetItem', itemId), key, input, expectedOutput, metadata, tags, repetition, attempt }
}
