import type { DiffPart as DiffPartShape } from '../src/domain/text-diff.ts'
import { builder } from './builder.ts'

const DiffPartKind = builder.enumType('DiffPartKind', {
  description: 'Which of two texts contain a part: the output of the baseline and the candidate, or two versions.',
  values: {
    SAME: { description: 'Both.' },
    ADDED: { description: 'Only the second: the candidate, the later version.' },
    REMOVED: { description: 'Only the first: the baseline, the earlier version.' },
  },
})

export const DiffPart = builder.objectRef<DiffPartShape>('DiffPart').implement({
  description: 'A part of the difference of two texts.',
  fields: (t) => ({
    kind: t.expose('kind', { type: DiffPartKind, description: 'Which of them contain it.' }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})
