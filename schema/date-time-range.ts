import { builder } from './builder.ts'

export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'A period of time; an omitted end is open.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'Its beginning, included.' }),
    before: t.field({ type: 'DateTime', description: 'Its end, excluded.' }),
  }),
})
