/** Dataset items that a filter names. */
import { InvalidInputError } from '../../src/domain/errors.ts'
import { rawIds } from './global-id.ts'

const maxItems = 500

/** Their raw ids, each once. @throws {InvalidInputError} for more than 500, or another id */
export function listedItems(itemIds: readonly string[], path: string[]): string[] {
  const { length } = itemIds
  if (length > maxItems) throw new InvalidInputError(`Expected at most ${maxItems} items, got ${length}.`, path)
  return [...new Set(rawIds('DatasetItem', itemIds, path))]
}
