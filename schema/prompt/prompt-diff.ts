import type { PromptVersion } from '../../src/db/generated/prisma/client.ts'
import type { Json } from '../../src/domain/json/json.ts'
import {
  type ContentDifference,
  type Difference,
  diffContents,
  type ParameterDifference,
} from '../../src/domain/prompt/diff-contents.ts'
import type {
  PromptMessage as PromptMessageShape,
  PromptTool as PromptToolShape,
} from '../../src/domain/prompt/prompt.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { DiffPart } from '../diff-part.ts'
import { PromptVersionRef } from '../refs.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { PromptMessage, PromptTool } from './prompt-content.ts'
import { contentOf } from './prompt-version.ts'

const DifferenceKind = builder.enumType('DifferenceKind', {
  description: 'What became of a part of a prompt from one version to another.',
  values: {
    SAME: { description: 'It is equal in both.' },
    CHANGED: { description: 'It is different.' },
    ADDED: { description: 'Only the later version has it.' },
    REMOVED: { description: 'Only the earlier version has it.' },
  },
})

/** The parts of two texts, or of other JSON as indented JSON; a text that is not there is empty. */
function partsOf({ before, after }: { before: Json; after: Json }, { diffs }: Context) {
  return diffs.diff(before ?? '', after ?? '')
}

const PromptMessageDifference = builder.objectRef<Difference<PromptMessageShape>>('PromptMessageDifference').implement({
  description: 'What became of a message.',
  fields: (t) => ({
    kind: t.expose('kind', { type: DifferenceKind, description: 'What became of it.' }),
    before: t.expose('before', { type: PromptMessage, nullable: true, description: 'The message in the earlier one.' }),
    after: t.expose('after', { type: PromptMessage, nullable: true, description: 'The message in the later one.' }),
    parts: t.field({
      type: [DiffPart],
      description: 'The difference of their contents.',
      resolve: ({ before, after }, _args, context) =>
        partsOf({ before: before?.content ?? null, after: after?.content ?? null }, context),
    }),
  }),
})

const PromptParameterDifference = builder.objectRef<ParameterDifference>('PromptParameterDifference').implement({
  description: 'A parameter that differs.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'E.g. `temperature`, `providerOptions.openai` or `maxSteps`.' }),
    before: t.expose('before', {
      type: 'JSON',
      nullable: true,
      description: 'In the earlier version; null: the default.',
    }),
    after: t.expose('after', { type: 'JSON', nullable: true, description: 'In the later version; null: the default.' }),
  }),
})

const PromptToolDifference = builder.objectRef<Difference<PromptToolShape>>('PromptToolDifference').implement({
  description: 'What became of a tool.',
  fields: (t) => ({
    kind: t.expose('kind', { type: DifferenceKind, description: 'What became of it.' }),
    name: t.string({
      description: 'Its name.',
      resolve: ({ before, after }) => (after ?? before)?.name ?? '',
    }),
    before: t.expose('before', { type: PromptTool, nullable: true, description: 'The tool in the earlier version.' }),
    after: t.expose('after', { type: PromptTool, nullable: true, description: 'The tool in the later version.' }),
  }),
})

const PromptOutputDifference = builder.objectRef<Difference<Json>>('PromptOutputDifference').implement({
  description: 'What became of the schema of the answer.',
  fields: (t) => ({
    kind: t.expose('kind', { type: DifferenceKind, description: 'What became of it.' }),
    before: t.expose('before', { type: 'JSON', nullable: true, description: 'The schema in the earlier version.' }),
    after: t.expose('after', { type: 'JSON', nullable: true, description: 'The schema in the later version.' }),
    parts: t.field({
      type: [DiffPart],
      description: 'The difference of the two, as indented JSON.',
      resolve: (difference, _args, context) => partsOf(difference, context),
    }),
  }),
})

const PromptDiff = builder
  .objectRef<ContentDifference & { before: PromptVersion; after: PromptVersion }>('PromptDiff')
  .implement({
    description: 'How a version of a prompt differs from an earlier one.',
    fields: (t) => ({
      before: t.expose('before', { type: PromptVersionRef, description: 'The earlier version.' }),
      after: t.expose('after', { type: PromptVersionRef, description: 'The later version.' }),
      same: t.exposeBoolean('same', { description: 'Whether their contents are equal.' }),
      messages: t.expose('messages', {
        type: [PromptMessageDifference],
        description: 'All messages of both, equal ones too, in the order in which they are read.',
      }),
      parameters: t.expose('parameters', {
        type: [PromptParameterDifference],
        description: 'The parameters that differ.',
      }),
      tools: t.expose('tools', { type: [PromptToolDifference], description: 'All tools of both, equal ones too.' }),
      output: t.expose('output', {
        type: PromptOutputDifference,
        nullable: true,
        description: 'The schema of the answer; null when neither has one.',
      }),
    }),
  })

builder.objectField(PromptVersionRef, 'diff', (t) =>
  t.field({
    type: PromptDiff,
    nullable: true,
    description:
      'How it differs from another version, of this prompt or of another one; null if there is no such version.',
    args: { fromId: t.arg.id({ description: 'The earlier version; default: the one before it.' }) },
    resolve: async (after, args, { loaders }) => {
      const id = optionalRawId('PromptVersion', args.fromId, ['fromId'])
      const { promptId, version } = after
      const before = id
        ? await loaders.promptVersion.load(id)
        : await loaders.numberedPromptVersion.load({ promptId, version: version - 1 })
      return before && { ...diffContents(contentOf(before), contentOf(after)), before, after }
    },
  }),
)
