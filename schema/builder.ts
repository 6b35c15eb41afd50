import SchemaBuilder from '@pothos/core'
import ErrorsPlugin from '@pothos/plugin-errors'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import type { Json } from '../src/domain/json/json.ts'
import type { Context } from './context.ts'
import type PrismaTypes from './generated/prisma-types.ts'
import { getDatamodel } from './generated/prisma-types.ts'
import LocatedErrorsPlugin from './plugins/located-errors.ts'
import RefusableFieldsPlugin from './plugins/refusable-fields.ts'
import StorableArgumentsPlugin from './plugins/storable-arguments.ts'
import { type ListSize, maxPageSize } from './relay/connection.ts'
import { decodeGlobalId, encodeGlobalId } from './relay/global-id.ts'
import './relay/plain-global-ids.ts'

export const builder = new SchemaBuilder<{
  Context: Context
  PrismaTypes: PrismaTypes
  Connection: ListSize
  DefaultFieldNullability: false
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: Json; Output: unknown }
  }
}>({
  plugins: [
    LocatedErrorsPlugin,
    ErrorsPlugin,
    PrismaPlugin,
    RelayPlugin,
    StorableArgumentsPlugin,
    RefusableFieldsPlugin,
  ],
  defaultFieldNullability: false,
  errors: { directResult: true },
  prisma: { client: ({ services }) => services.db.prisma, dmmf: getDatamodel() },
  relay: {
    encodeGlobalID: (type, id) => encodeGlobalId(type, String(id)),
    decodeGlobalID: (globalId) => decodeGlobalId(globalId),
    cursorType: 'String',
    brandLoadedObjects: true,
    nodesOnConnection: { description: 'The rows of this page.' },
    nodeTypeOptions: { description: 'An object with a global id, for `node`.' },
    idFieldOptions: { description: 'Global id: opaque, stable, valid in `node`, `nodes` and every `…Id` argument.' },
    nodeQueryOptions: {
      description: 'An object by its global id; null if the project has none with this id.',
      args: { id: { description: 'Global id.' } },
    },
    // schema/relay/nodes.ts has it.
    nodesQueryOptions: false,
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: { description: 'Whether there is anything after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there is anything before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first row, for `before`.' },
    endCursorFieldOptions: { description: 'Cursor of the last row, for `after`.' },
    pageInfoFieldOptions: { description: 'Where this page lies in the list.' },
    edgesFieldOptions: { description: 'The rows of this page with their cursors.' },
    cursorFieldOptions: { description: 'Opaque position of this row, for `after` and `before`.' },
    nodeFieldOptions: { description: 'The row.' },
    firstArgOptions: {
      description: `How many rows from the start (or after \`after\`): 1–${maxPageSize}, default 20.`,
    },
    lastArgOptions: { description: `How many rows from the end (or before \`before\`): 1–${maxPageSize}.` },
    afterArgOptions: { description: 'Only rows after this cursor.' },
    beforeArgOptions: { description: 'Only rows before this cursor.' },
  },
})

export type Builder = typeof builder
