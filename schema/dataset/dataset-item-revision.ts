import { builder } from '../builder.ts'
import { DatasetItemRef, DatasetItemRevisionRef } from '../refs.ts'

/** `<item id>:<first version>`, the raw id of a revision. */
function revisionKey(rawId: string): { itemId: string; validFrom: number } {
  const [itemId = '', validFrom] = rawId.split(':')
  return { itemId, validFrom: Number(validFrom) }
}

builder.node(DatasetItemRevisionRef, {
  description: 'The content of a dataset item in a range of versions. A revision never changes.',
  id: { resolve: ({ itemId, validFrom }) => `${itemId}:${validFrom}` },
  loadWithoutCache: (id, { loaders }) => loaders.revision.load(revisionKey(id)),
  fields: (t) => ({
    item: t.field({
      type: DatasetItemRef,
      description: 'The item. Its id is the same in all versions; mutations take that id.',
      resolve: ({ itemId }) => ({ id: itemId }),
    }),
    key: t.exposeString('key', { nullable: true, description: 'The current key of the item.' }),
    input: t.expose('input', {
      type: 'JSON',
      nullable: true,
      description: 'The input of the task. May be JSON null.',
    }),
    expectedOutput: t.expose('expectedOutput', {
      type: 'JSON',
      nullable: true,
      description: 'The value that evaluators compare the output with.',
    }),
    metadata: t.expose('metadata', {
      type: 'JSON',
      nullable: true,
      description: 'Any other data; available to tasks and evaluators.',
    }),
    tags: t.exposeStringList('tags', {
      description: 'Tags, such as the split it belongs to; runs can be limited to them.',
    }),
    validFrom: t.exposeInt('validFrom', { description: 'The first dataset version with this content.' }),
    validTo: t.exposeInt('validTo', {
      nullable: true,
      description: 'The first later version without it; null if the current version has it.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})
