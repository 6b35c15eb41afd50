import type { Person } from '../../src/db/generated/prisma/client.ts'
import { builder } from '../builder.ts'
import { loadNodes } from '../relay/node.ts'

export const PersonRef = builder.objectRef<Person>('Person')

builder.node(PersonRef, {
  description: 'Whoever gives scores and approves baselines, as a human being or by a program: the bearer of API keys.',
  id: { resolve: (person) => person.id },
  loadManyWithoutCache: (ids, { loaders }) => loadNodes('Person', ids, loaders.person),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the project, or in the installation.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the first key was made for them.' }),
  }),
})
