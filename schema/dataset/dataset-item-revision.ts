import { builder } from '../builder.ts'
import { DatasetItemRef, DatasetItemRevisionRef } from '../refs.ts'

/** `<item id>:<first version>`, the raw id of a revision. */
function revisionKey(rawId: string): { itemId: string; validFrom: number } {
  const [itemId = '', validFrom] = rawId.split(':')
  return { itemId, validFrom: Number(validFrom) }
}

builder.node(DatasetItemRevisionRef, {
  description: 'What a dataset item says from one version of its dataset to another. Its content never changes.',
  id: { resolve: ({ itemId, validFrom }) => `${itemId}:${validFrom}` },
  loadWithoutCache: (id, { loaders }) => loaders.revision.load(revisionKey(id)),
  fields: (t) => ({
    item: t.field({
      type: DatasetItemRef,
      description: 'The item, whose id stays the same through all versions; mutations take that one.',
      resolve: ({ itemId }) => ({ id: itemId }),
    }),
    key: t.exposeString('key', { nullable: true, description: 'The key of the item, as it is now.' }),
    input: t.expose('input', {
      type: 'JSON',
      nullable: true,
      description: 'What the task is given. May be JSON null.',
    }),
    expectedOutput: t.expose('expectedOutput', {
      type: 'JSON',
      nullable: true,
      description: 'What evaluators compare the output with.',
    }),
    metadata: t.expose('metadata', {
      type: 'JSON',
      nullable: true,
      description: 'Anything else; tasks and evaluators see it.',
    }),
    tags: t.exposeStringList('tags', {
      description: 'Tags, e.g. the split it belongs to; runs can be limited to them.',
    }),
    validFrom: t.exposeInt('validFrom', { description: 'The first dataset version that says this.' }),
    validTo: t.exposeInt('validTo', {
      nullable: true,
      description: 'The first version that no longer does; null: the current one still does.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})
