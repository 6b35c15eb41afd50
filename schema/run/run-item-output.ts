import type { TextEvent } from '../../src/feed/run-item-texts.ts'
import { eventsOf } from '../abortable-events.ts'
import { builder } from '../builder.ts'
import { perEvent } from '../per-event.ts'
import { RunItemRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { runItemKey } from './run-item.ts'

const RunItemOutputPart = builder.objectRef<TextEvent>('RunItemOutputPart').implement({
  description: 'The next part of what a model writes for an item.',
  fields: (t) => ({
    item: t.field({
      type: RunItemRef,
      description: 'The item as it is now; when it is `done`, with its output.',
      resolve: async ({ item }, _args, { loaders }) => {
        const found = await loaders.runItem.load(item)
        if (!found) throw new Error('a watched item was deleted')
        return found
      },
    }),
    attempt: t.exposeInt('attempt', {
      nullable: true,
      description: 'The attempt that writes it, from 1; null before the first.',
    }),
    reset: t.exposeBoolean('reset', {
      description: 'Whether `delta` replaces what came before, as with the first part and when another attempt begins.',
    }),
    delta: t.exposeString('delta', { description: 'What comes after the parts before.' }),
    truncated: t.exposeBoolean('truncated', {
      description: 'Whether the model writes more than is delivered: about a million characters.',
    }),
    done: t.exposeBoolean('done', { description: 'Whether the item has finished; this is the last part.' }),
  }),
})

builder.subscriptionField('runItemOutput', (t) =>
  t.field({
    type: RunItemOutputPart,
    description:
      'What a model is writing for an item, about ten times a second: first what it has written, then the rest.\nIt is not kept: when the item has finished, `RunItem.output` has the answer. Only for streamed prompts.',
    args: { id: t.arg.id({ required: true, description: 'The run item.' }) },
    subscribe: (_root, { id }, { texts, scope }) =>
      eventsOf((signal) => texts.subscribe(scope, runItemKey(rawId('RunItem', id, ['id'])), signal)),
    resolve: perEvent((_: TextEvent) => []),
  }),
)
