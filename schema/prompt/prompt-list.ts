import type { Prompt } from '../../src/db/generated/prisma/client.ts'
import { findPromptVersion } from '../../src/db/sql/prompt/find-version.ts'
import { listPrompts } from '../../src/db/sql/prompt/list-prompts.ts'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { builder } from '../builder.ts'
import { DateTimeRange } from '../date-time-range.ts'
import { PromptConnection, PromptRef, PromptVersionRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { listOrder } from '../relay/list-order.ts'

const PromptFilter = builder.inputType('PromptFilter', {
  description: 'Which prompts; all of the conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Only those with this text in their name, description or newest version.' }),
    label: t.string({ description: 'Only those that have this label.' }),
    metadata: t.field({ type: 'JSON', description: 'Only those whose metadata contains this.' }),
    createdAt: t.field({ type: DateTimeRange, description: 'Only those created in this period.' }),
    includeArchived: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether to include archived ones.',
    }),
  }),
})

const order = listOrder({
  type: 'Prompt',
  rows: 'prompts',
  fields: {
    NAME: 'Their names, which keeps `/` groups together.',
    CREATED_AT: 'When they were created.',
    UPDATED_AT: 'When they, their versions or their labels were last changed.',
  },
  default: { field: 'NAME', direction: 'ASC' },
})

builder.queryFields((t) => ({
  prompt: t.prismaField({
    type: PromptRef,
    nullable: true,
    description: 'The prompt of this name, archived or not; null when there is none.',
    args: { name: t.arg.string({ required: true, description: 'Its full name.' }) },
    resolve: (query, _root, { name }, { services, scope: { projectId } }) =>
      services.db.prisma.prompt.findUnique({ ...query, where: { projectId_name: { projectId, name } } }),
  }),
  promptVersion: t.field({
    type: PromptVersionRef,
    nullable: true,
    description:
      'A version of the prompt of this name; null when there is none.\nWith neither `version` nor `label` the newest.',
    args: {
      name: t.arg.string({ required: true, description: 'The full name of the prompt.' }),
      version: t.arg.int({ description: 'The number of the version.' }),
      label: t.arg.string({ description: 'Or a label that it has.' }),
    },
    resolve: async (_root, { name, version = null, label = null }, { services, scope: { projectId } }) => {
      if (version !== null && label !== null) {
        throw new InvalidInputError('Expected a version or a label, got both.', ['label'])
      }
      const found = await findPromptVersion(services.db.pool, projectId, { name }, { version, label })
      return found?.version ?? null
    },
  }),
  prompts: t.field({
    type: PromptConnection,
    description: 'All prompts, by default by name.',
    args: {
      ...t.arg.connectionArgs(),
      filter: t.arg({ type: PromptFilter, description: 'Which prompts; default: all but archived ones.' }),
      orderBy: t.arg({ type: order.input, description: 'Default: by name.' }),
    },
    resolve: (_root, args, context) => {
      const by = order.read(args.orderBy)
      const list = listPrompts(args.filter ?? {}, by)
      return listConnection<Prompt>(context, list, by.name, context.scope.projectId, args)
    },
  }),
}))
