/** The part of a run or comparison that a subscriber receives; changes outside it are only counted. */
import { InvalidInputError } from '../domain/errors.ts'

/** Inclusive positions in the schedule, or items by id (run items: by ordinal). */
export type FeedWindow<Id> = { positions: { from: number; to: number } } | { items: readonly Id[] }

const maxRows = 500

/** @throws {InvalidInputError} more than 500 rows, or an invalid range */
export function checkWindow<Id>(window: FeedWindow<Id>): FeedWindow<Id> {
  if ('items' in window) {
    const { length } = window.items
    if (length <= maxRows) return window
    throw new InvalidInputError(`Expected at most ${maxRows} items, got ${length}.`, ['window', 'items'])
  }
  return { positions: checkPositions(window.positions, ['window', 'positions']) }
}

/** @throws {InvalidInputError} more than 500, or an invalid range */
export function checkPositions(
  { from, to }: { from: number; to: number },
  path: string[],
): { from: number; to: number } {
  if (from < 0 || to < from || to - from >= maxRows) {
    throw new InvalidInputError(`Expected 0 ≤ from ≤ to and at most ${maxRows} positions, got ${from} to ${to}.`, path)
  }
  return { from, to }
}
