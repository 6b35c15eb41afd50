import {
  ConflictError,
  ForbiddenError,
  InvalidInputError,
  LimitError,
  NotFoundError,
  type UserError,
} from '../src/domain/errors.ts'
import { builder } from './builder.ts'
import { ErrorCode } from './enums.ts'

export const UserErrorInterface = builder.interfaceRef<UserError>('UserError').implement({
  description: 'An error that the caller can correct.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What was expected, what was received, and what to do.' }),
    code: t.expose('code', { type: ErrorCode, description: 'The kind of error, for programs.' }),
    path: t.stringList({
      nullable: true,
      description: 'The invalid part of the arguments, e.g. ["input", "task", "http", "url"].',
      // The engine knows the input of a mutation, not that it is an argument of that name.
      resolve: ({ path }) => path && ['input', ...path],
    }),
  }),
})

const descriptions = [
  [InvalidInputError, 'The input is invalid.'],
  [NotFoundError, 'The project has nothing with this id or name.'],
  [ConflictError, 'The input is valid, but conflicts with the current state.'],
  [ForbiddenError, "The caller's role does not allow it."],
  [LimitError, 'The request exceeds a limit.'],
] as const

for (const [error, description] of descriptions) {
  builder.objectType(error, { name: error.name, description, interfaces: [UserErrorInterface] })
}
