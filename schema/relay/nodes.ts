import { resolveNodes } from '@pothos/plugin-relay'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { builder } from '../builder.ts'
import { maxPageSize } from './connection.ts'
import { decodeGlobalId } from './global-id.ts'

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: `Up to ${maxPageSize} things by their global ids, in the given order; null where there is none.`,
    args: { ids: t.arg.idList({ required: true, description: `Global ids, at most ${maxPageSize}.` }) },
    resolve: async (_root, { ids }, context, info) => {
      if (ids.length > maxPageSize) {
        const message = `Expected at most ${maxPageSize} ids, got ${ids.length}. Ask for them in parts.`
        throw new InvalidInputError(message, ['ids'])
      }
      const given = ids.map((id, index) => decoded(id, ['ids', String(index)]))
      const valid = given.map((id) => (id instanceof Error ? null : id))
      const found = await resolveNodes(builder, context, info, valid)
      return given.map((id, index) => (id instanceof Error ? id : found[index]))
    },
  }),
)

/** The error of a malformed id takes its place in the list, so that the other ids are answered. */
function decoded(id: string, path: string[]) {
  try {
    return decodeGlobalId(id, path)
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}
