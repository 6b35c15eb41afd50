import type { PinnedPrompt, PromptReference as PromptReferenceShape } from '../../src/domain/prompt/prompt.ts'
import { builder } from '../builder.ts'
import { PromptRef, PromptVersionRef } from '../refs.ts'
import { PromptContent } from './prompt-content.ts'

/** Of an experiment as it was given, of a run as it was pinned. */
export const PromptReference = builder.objectRef<PromptReferenceShape | PinnedPrompt>('PromptReference').implement({
  description: 'Where a task has its prompt from. In a run it is pinned: it has the content, and the version it is of.',
  fields: (t) => ({
    content: t.field({
      type: PromptContent,
      nullable: true,
      description: 'The content; null where it will be that of `prompt` when a run starts.',
      resolve: (reference) => ('content' in reference ? reference.content : null),
    }),
    prompt: t.field({
      type: PromptRef,
      nullable: true,
      description: 'The prompt that it refers to; null if it refers to none, or that was deleted.',
      resolve: (reference, _args, { loaders }) => {
        const prompt = namedIn(reference)
        return prompt ? loaders.links.find('prompt', prompt.id) : null
      },
    }),
    name: t.string({
      nullable: true,
      description: 'The name of the prompt when it was referred to, or pinned.',
      resolve: (reference) => namedIn(reference)?.name ?? null,
    }),
    version: t.int({
      nullable: true,
      description: 'The version that was asked for, or in a run: that it was pinned to.',
      resolve: (reference) => pinnedIn(reference)?.number ?? namedIn(reference)?.version ?? null,
    }),
    label: t.string({
      nullable: true,
      description: 'The label that was asked for.',
      resolve: (reference) => namedIn(reference)?.label ?? null,
    }),
    promptVersion: t.field({
      type: PromptVersionRef,
      nullable: true,
      description: 'In a run: the version it was pinned to; null for a content of its own, or when it was deleted.',
      resolve: (reference, _args, { loaders }) => {
        const version = pinnedIn(reference)
        return version ? loaders.links.find('promptVersion', version.id) : null
      },
    }),
  }),
})

function namedIn(reference: PromptReferenceShape | PinnedPrompt) {
  return 'prompt' in reference ? reference.prompt : null
}

function pinnedIn(reference: PromptReferenceShape | PinnedPrompt) {
  return 'version' in reference ? reference.version : null
}
