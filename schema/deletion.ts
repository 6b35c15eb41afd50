import { builder } from './builder.ts'
import { resultOf } from './user-error.ts'

export const DeleteInput = builder.inputType('DeleteInput', {
  description: 'What to delete.',
  fields: (t) => ({ id: t.id({ required: true, description: 'Its global id.' }) }),
})

const DeletePayload = builder.objectRef<{ deletedId: string }>('DeletePayload').implement({
  description: 'It is gone.',
  fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'The global id of what was deleted.' }) }),
})

export const DeleteResult = resultOf('DeleteResult', DeletePayload)
