import type { PromptVersion } from '../../src/db/generated/prisma/client.ts'
import type { PromptContent as PromptContentShape } from '../../src/domain/prompt/prompt.ts'
import { variablesOf } from '../../src/domain/prompt/render-prompt.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { PersonRef, PromptRef, RunConnection } from '../refs.ts'
import { RunFilter, RunOrder, runsConnection } from '../run/run-list.ts'
import { PromptContent } from './prompt-content.ts'

builder.prismaNode('PromptVersion', {
  description: 'A version of a prompt; it never changes.',
  id: { field: 'id' },
  findUnique: (id, { scope }) => ({ id, prompt: { projectId: scope.projectId } }),
  nullable: true,
  fields: (t) => ({
    prompt: t.field({
      type: PromptRef,
      description: 'The prompt.',
      resolve: linkTo('prompt', (version) => version.promptId),
    }),
    version: t.exposeInt('version', { description: 'Its number, from 1.' }),
    content: t.field({ type: PromptContent, description: 'What it consists of.', resolve: contentOf }),
    variables: t.stringList({
      description: 'The names in its templates, e.g. `question`, each once, in the order of their appearance.',
      resolve: (version) => variablesOf(contentOf(version)),
    }),
    message: t.exposeString('message', { nullable: true, description: 'What its author said about it.' }),
    author: t.field({
      type: PersonRef,
      nullable: true,
      description: 'The person who wrote it.',
      resolve: ({ authorId }, _args, { loaders }) => (authorId ? loaders.links.load('person', authorId) : null),
    }),
    labels: t.stringList({
      description: 'The labels that it has now.',
      resolve: async ({ promptId, version }, _args, { loaders }) => {
        const labels = await loaders.promptLabels.load(promptId)
        return labels.filter((label) => label.version === version).map(({ name }) => name)
      },
    }),
    runs: t.field({
      type: RunConnection,
      description: 'The runs that used it, by default newest first.',
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({ type: RunFilter, description: 'Which runs; default: all.' }),
        orderBy: t.arg({ type: RunOrder, description: 'Default: newest first.' }),
      },
      resolve: (version, args, context) => runsConnection(context, 'promptVersion', version.id, args),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was written.' }),
  }),
})

export function contentOf(version: Pick<PromptVersion, 'content'>): PromptContentShape {
  return version.content as unknown as PromptContentShape
}
