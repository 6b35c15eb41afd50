import type { ConflictError } from '../src/domain/errors.ts'
import { NotFoundError } from '../src/domain/errors.ts'
import type { Context } from './context.ts'
import { mutation } from './mutation.ts'
import { type NodeType, rawId } from './relay/global-id.ts'

/** Defines a mutation that deletes one thing by its id. */
export function deletion(
  name: string,
  what: {
    type: NodeType
    description: string
    /** What the engine can answer besides NotFoundError. */
    errors?: readonly (typeof ConflictError)[]
    remove: (id: string, context: Context) => Promise<unknown>
  },
): void {
  mutation(name, {
    description: what.description,
    input: {
      description: 'What to delete.',
      fields: (t) => ({ id: t.id({ required: true, description: 'Its global id.' }) }),
    },
    errors: [NotFoundError, ...(what.errors ?? [])],
    resolve: async ({ id }, context) => {
      await what.remove(rawId(what.type, id, ['id']), context)
      return { deletedId: id }
    },
    payload: {
      description: 'It is gone.',
      fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'The global id of what was deleted.' }) }),
    },
  })
}
