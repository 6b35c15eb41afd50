/** Arguments that the feeds have in common. */
import { checkWindow, type FeedWindow } from '../../src/feed/window.ts'
import { builder } from '../builder.ts'
import { rawIds } from '../relay/global-id.ts'

export const FeedUntil = builder.enumType('FeedUntil', {
  description: 'When a feed ends.',
  values: {
    END: { description: 'When all of its runs have finished, with the batch that is `done`.' },
    NEVER: {
      description: 'Only when a run is deleted: it continues with changes by retries, scores of people and settings.',
    },
  },
})

export const PositionRange = builder.inputType('PositionRange', {
  description: 'At most 500 positions, both ends included.',
  fields: (t) => ({
    from: t.int({ required: true, description: 'The first, from 0.' }),
    to: t.int({ required: true, description: 'The last.' }),
  }),
})

export const FeedWindowInput = builder.inputType('FeedWindow', {
  description: 'The rows to deliver: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    positions: t.field({
      type: PositionRange,
      description:
        'By position in the schedule: `RunItem.position` in `runFeed`, that of the first run in `comparisonFeed`.',
    }),
    items: t.idList({
      description: 'At most 500, by id: run items in `runFeed`, dataset items in `comparisonFeed`.',
    }),
  }),
})

/** The window in raw ids. @throws {InvalidInputError} when it is impossible */
export function feedWindow(
  window: typeof FeedWindowInput.$inferInput | null | undefined,
  type: 'RunItem' | 'DatasetItem',
): FeedWindow<string> | null {
  if (!window) return null
  const { positions, items } = window
  if (positions) return checkWindow({ positions })
  return checkWindow({ items: rawIds(type, items ?? [], ['window', 'items']) })
}
