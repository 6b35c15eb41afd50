/**
 * `nodes`. The relay plugin's own decodes all ids before it resolves any, so that one malformed id would take the others
 * with it.
 */
import { resolveNodes } from '@pothos/plugin-relay'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { builder } from '../builder.ts'
import { maxPageSize } from './connection.ts'
import { decodeGlobalId } from './global-id.ts'

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: true, items: true },
    description: `Up to ${maxPageSize} objects by their global ids, in the same order; null where there is none.`,
    args: {
      ids: t.arg.idList({ required: true, description: `Global ids, at most ${maxPageSize}.` }),
    },
    resolve: async (_root, { ids }, context, info) => {
      if (ids.length > maxPageSize) {
        throw new InvalidInputError(`Expected at most ${maxPageSize} ids, got ${ids.length}. Ask for them in parts.`, [
          'ids',
        ])
      }
      const decoded = ids.map((id, index) => decodedOrError(id, ['ids', String(index)]))
      const nodes = await resolveNodes(
        builder,
        context,
        info,
        decoded.map((id) => (id instanceof Error ? null : id)),
      )
      // An error in a list is reported at its place, where the answer has null.
      return decoded.map((id, index) => (id instanceof Error ? id : nodes[index])) as object[]
    },
  }),
)

function decodedOrError(globalId: string, path: string[]): { typename: string; id: string } | Error {
  try {
    return decodeGlobalId(globalId, path)
  } catch (error) {
    return error as Error
  }
}
