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
  description: 'Something the caller can put right.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What was expected, what came, and what to do.' }),
    code: t.expose('code', { type: ErrorCode, description: 'What kind of trouble it is, for programs.' }),
    path: t.stringList({
      nullable: true,
      description: 'Where in the arguments the trouble is, e.g. ["input", "task", "http", "url"].',
      // The engine knows the input of a mutation, not that it is an argument of that name.
      resolve: ({ path }) => path && ['input', ...path],
    }),
  }),
})

const descriptions = [
  [InvalidInputError, 'The input cannot be used.'],
  [NotFoundError, 'There is nothing of that id or name in your project.'],
  [ConflictError, 'The input is fine, but not with what is already there.'],
  [ForbiddenError, 'Your role does not allow it.'],
  [LimitError, 'More was asked for than one request may have.'],
] as const

for (const [error, description] of descriptions) {
  builder.objectType(error, { name: error.name, description, interfaces: [UserErrorInterface] })
}
