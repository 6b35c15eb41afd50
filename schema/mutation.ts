/**
 * The only way to define a mutation: `verbNoun(input: VerbNounInput!): VerbNounResult!`. The result is the union of a
 * `VerbNounPayload` and the errors that the mutation can return. Each mutation has types of its own, so that it can get
 * another argument, result or error without a change to any other.
 */
import type {
  FieldMap,
  InputFieldMap,
  InputObjectRef,
  InputShapeFromFields,
  MaybePromise,
  ObjectRef,
} from '@pothos/core'
import {
  type ConflictError,
  ForbiddenError,
  InvalidInputError,
  type LimitError,
  type NotFoundError,
  UserError,
} from '../src/domain/errors.ts'
import { builder } from './builder.ts'
import type { Context } from './context.ts'
import { createLoaders } from './loaders.ts'

type Types = typeof builder.$inferSchemaTypes

interface MutationOptions<Fields extends InputFieldMap, Payload extends object> {
  description: string
  input: { description: string; fields: (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) => Fields }
  /**
   * What the engine can answer besides InvalidInputError and ForbiddenError, which every mutation can: each has text to
   * refuse, and needs a role. Circumstances, such as a statement that takes too long, are errors of the request instead.
   */
  errors: readonly (typeof NotFoundError | typeof ConflictError | typeof LimitError)[]
  resolve: (input: InputShapeFromFields<Fields>, context: Context) => MaybePromise<Payload>
  /** It changes nothing that answers about callers, runs, datasets and experiments depend on. */
  recordsNothing?: true
  payload: { description: string; fields: (t: PothosSchemaTypes.ObjectFieldBuilder<Types, Payload>) => FieldMap }
}

/** Defines a mutation with its input, payload and result. */
export function mutation<Fields extends InputFieldMap, Payload extends object>(
  name: string,
  { description, input, errors, resolve, recordsNothing, payload }: MutationOptions<Fields, Payload>,
): void {
  const prefix = name.charAt(0).toUpperCase() + name.slice(1)
  const declared = [InvalidInputError, ForbiddenError, ...errors]
  // Pothos' types of fields cannot be computed for shapes that are type parameters.
  const Input = builder.inputType(`${prefix}Input`, input) as unknown as InputObjectRef<Types, object>
  const Payload: ObjectRef<Types, object> = builder.objectRef<Payload>(`${prefix}Payload`).implement(payload)
  const Result = builder.errorUnion(`${prefix}Result`, {
    description: 'The result, or the reason why there is none.',
    types: [Payload, ...declared],
    resolveType: () => Payload.name,
  })
  builder.mutationField(name, (t) =>
    t.field({
      type: Result,
      description,
      args: { input: t.arg({ type: Input, required: true, description: input.description }) },
      extensions: { recordsNothing },
      resolve: async (_root, args, context) => {
        try {
          return await resolve(args.input as InputShapeFromFields<Fields>, context)
        } catch (error) {
          if (error instanceof UserError && !declared.some((type) => error instanceof type)) {
            context.services.log.error({ err: error, mutation: name }, undeclaredError)
          }
          throw error
        } finally {
          // What they have read for the mutations before it in its document may be different now.
          context.loaders = createLoaders(context.services.db, context.scope)
        }
      },
    }),
  )
}

/** The log message about an error that is missing in the `errors` of a mutation: clients get it as a top-level error. */
export const undeclaredError = 'a mutation failed with an error that is not part of its result'
