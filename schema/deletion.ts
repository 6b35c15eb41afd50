import { type ConflictError, NotFoundError } from '../src/domain/errors.ts'
import type { Context } from './context.ts'
import { mutation } from './mutation.ts'
import { type NodeType, rawId, rawIds } from './relay/global-id.ts'

interface Deletion<Deleted> {
  type: NodeType
  description: string
  /** What the engine can answer besides NotFoundError. */
  errors?: readonly (typeof ConflictError)[]
  /** Gets raw ids. */
  remove: (deleted: Deleted, context: Context) => Promise<unknown>
}

/** Defines a mutation that deletes one thing by its id. */
export function deletion(name: string, { type, description, errors = [], remove }: Deletion<string>): void {
  mutation(name, {
    description,
    input: {
      description: 'An object to delete.',
      fields: (t) => ({ id: t.id({ required: true, description: 'Its global id.' }) }),
    },
    errors: [NotFoundError, ...errors],
    resolve: async ({ id }, context) => {
      await remove(rawId(type, id, ['id']), context)
      return { deletedId: id }
    },
    payload: {
      description: 'It was deleted.',
      fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'The global id of the deleted object.' }) }),
    },
  })
}

/** Defines a mutation that deletes several things by their ids, all or none. */
export function bulkDeletion(name: string, { type, description, errors = [], remove }: Deletion<string[]>): void {
  mutation(name, {
    description,
    input: {
      description: 'Objects to delete.',
      fields: (t) => ({ ids: t.idList({ required: true, description: 'Their global ids, 1–1,000.' }) }),
    },
    errors: [NotFoundError, ...errors],
    resolve: async ({ ids }, context) => {
      await remove(rawIds(type, ids, ['ids']), context)
      return { deletedIds: ids }
    },
    payload: {
      description: 'They were deleted.',
      fields: (t) => ({
        deletedIds: t.exposeIDList('deletedIds', { description: 'The global ids of the deleted objects.' }),
      }),
    },
  })
}
