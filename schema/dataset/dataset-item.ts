import { builder } from '../builder.ts'
import { DatasetItemRef } from '../refs.ts'

builder.node(DatasetItemRef, {
  description: 'What a dataset item said in one version; its id stays the same through all versions.',
  id: { resolve: (item) => item.id },
  loadWithoutCache: (id, { loaders }) => loaders.datasetItem.load(id),
  fields: (t) => ({
    key: t.exposeString('key', { nullable: true, description: 'Your own name for it, unique in the dataset.' }),
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
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When this revision was made.' }),
  }),
})
