import { NotFoundError } from '../../src/domain/errors.ts'
import { clearResponseCache } from '../../src/engine/clear-response-cache.ts'
import { mutation } from '../mutation.ts'
import { optionalRawId } from '../relay/global-id.ts'

mutation('clearResponseCache', {
  description: 'Forgets cached outputs: the next runs with `cache: true` call their tasks again.',
  input: {
    description: 'Which cached outputs.',
    fields: (t) => ({
      experimentId: t.id({
        description:
          'Only those of the tasks that runs of this experiment had, whichever experiment stored them.\nDefault: all of the project.',
      }),
    }),
  },
  errors: [NotFoundError],
  resolve: async ({ experimentId }, { services, scope }) => ({
    cleared: await clearResponseCache(
      services,
      scope,
      optionalRawId('Experiment', experimentId, ['experimentId']) ?? null,
    ),
  }),
  payload: {
    description: 'The outputs are forgotten.',
    fields: (t) => ({ cleared: t.exposeInt('cleared', { description: 'How many there were.' }) }),
  },
})
