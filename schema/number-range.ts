import { builder } from './builder.ts'

export const FloatRange = builder.inputType('FloatRange', {
  description: 'A range of numbers, both ends included; an omitted end is open.',
  fields: (t) => ({ min: t.float({ description: 'The smallest.' }), max: t.float({ description: 'The largest.' }) }),
})

export const IntRange = builder.inputType('IntRange', {
  description: 'A range of whole numbers, both ends included; an omitted end is open.',
  fields: (t) => ({ min: t.int({ description: 'The smallest.' }), max: t.int({ description: 'The largest.' }) }),
})
