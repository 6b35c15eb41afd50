import type DataLoader from 'dataloader'
import { isRawId, type NodeType } from './global-id.ts'

/** The rows of a type by raw ids, in order; null where there is none, also for ids that none could have. */
export function loadNodes<Row>(
  type: NodeType,
  ids: readonly string[],
  loader: DataLoader<string, Row | null, unknown>,
): Promise<(Row | null)[]> {
  return Promise.all(ids.map((id) => (isRawId(type, id) ? loader.load(id) : null)))
}

/** The row that a foreign key says must be there. */
export async function loadExisting<Row>(
  what: string,
  id: string,
  loader: DataLoader<string, Row | null, unknown>,
): Promise<Row> {
  const row = await loader.load(id)
  if (row === null) throw new Error(`${what} ${id} is referred to but does not exist`)
  return row
}
