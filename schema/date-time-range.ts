import { builder } from './builder.ts'

export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'A stretch of time; an end that is left out is open.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'Its first moment.' }),
    before: t.field({ type: 'DateTime', description: 'The moment it ends, which does not belong to it.' }),
  }),
})
