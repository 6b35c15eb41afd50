import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import type {
  FilePart,
  RenderedMessage,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../src/domain/prompt/prompt.ts'
import { attachmentRawId } from '../../src/engine/attachments/load-attachment.ts'
import { previewPrompt } from '../../src/engine/prompts/preview-prompt.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { AttachmentRef } from '../refs.ts'
import { optionalRawId } from '../relay/global-id.ts'
import { RunItemError } from '../run/run-item.ts'
import { PromptReferenceInput, promptReference } from './prompt-content-input.ts'
import { PromptReference } from './prompt-reference.ts'

const RenderedMessageRole = builder.enumType('RenderedMessageRole', {
  description: 'Who says a message that a model gets.',
  values: {
    SYSTEM: { description: 'Instructions.' },
    USER: { description: 'The user.' },
    ASSISTANT: { description: 'The model.' },
    TOOL: { description: 'A tool that the model called.' },
  },
})

const TextPartRef = builder.objectRef<TextPart>('TextPart').implement({
  description: 'Text in a message.',
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text.' }) }),
})

const FilePartRef = builder.objectRef<FilePart>('FilePart').implement({
  description: 'An image or another file in a message.',
  fields: (t) => ({
    url: t.string({
      nullable: true,
      description: 'Its data URL or web address; null for an attachment.',
      resolve: ({ source }) => ('url' in source ? source.url : null),
    }),
    attachmentId: t.id({
      nullable: true,
      description: 'The id of the attachment that it is; null for a URL.',
      resolve: ({ source }) => ('attachment' in source ? source.attachment : null),
    }),
    attachment: t.field({
      type: AttachmentRef,
      nullable: true,
      description: 'The attachment that it is; null for a URL, or when the project has none with this id.',
      resolve: ({ source }, _args, { loaders }) => {
        const id = 'attachment' in source ? attachmentRawId(source.attachment) : null
        return id === null ? null : loaders.attachment.load(id)
      },
    }),
    mediaType: t.exposeString('mediaType', { nullable: true, description: 'Its media type, where the input says it.' }),
    filename: t.exposeString('filename', { nullable: true, description: 'Its name, where the input says it.' }),
  }),
})

const ToolCallPartRef = builder.objectRef<ToolCallPart>('ToolCallPart').implement({
  description: 'A call of a tool by the model.',
  fields: (t) => ({
    callId: t.exposeString('id', { description: 'What the result refers to it by.' }),
    name: t.exposeString('name', { description: 'The name of the tool.' }),
    arguments: t.expose('arguments', { type: 'JSON', nullable: true, description: 'Its arguments.' }),
  }),
})

const ToolResultPartRef = builder.objectRef<ToolResultPart>('ToolResultPart').implement({
  description: 'What a tool returned.',
  fields: (t) => ({
    callId: t.exposeString('id', { description: 'The call that it answers.' }),
    name: t.exposeString('name', { description: 'The name of the tool.' }),
    output: t.expose('output', { type: 'JSON', nullable: true, description: 'What it returned.' }),
  }),
})

type Part = TextPart | FilePart | ToolCallPart | ToolResultPart

const parts = {
  text: TextPartRef,
  image: FilePartRef,
  file: FilePartRef,
  toolCall: ToolCallPartRef,
  toolResult: ToolResultPartRef,
}

const MessagePart = builder.unionType('MessagePart', {
  description: 'A part of a message.',
  types: [TextPartRef, FilePartRef, ToolCallPartRef, ToolResultPartRef],
  resolveType: ({ type }: Part) => parts[type],
})

const RenderedMessageRef = builder.objectRef<RenderedMessage>('RenderedMessage').implement({
  description: 'A message as the model gets it.',
  fields: (t) => ({
    role: t.expose('role', { type: RenderedMessageRole, description: 'Who says it.' }),
    parts: t.field({
      type: [MessagePart],
      description: 'Its parts, in their order.',
      resolve: ({ content }): Part[] => (typeof content === 'string' ? [{ type: 'text', text: content }] : content),
    }),
  }),
})

mutation('previewPrompt', {
  description: 'Renders a prompt for one item, without recording anything.',
  input: {
    description: 'A prompt, and an item or an input to render it for.',
    fields: (t) => ({
      prompt: t.field({ type: PromptReferenceInput, required: true, description: 'The prompt.' }),
      itemId: t.id({ description: 'A dataset item: its newest content.' }),
      input: t.field({ type: 'JSON', description: 'Or an input; default null.' }),
      metadata: t.field({ type: 'JSON', description: 'And metadata; default null.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: (input, { services, scope }) =>
    previewPrompt(services, scope, {
      ...input,
      prompt: promptReference(input.prompt, ['prompt']),
      itemId: optionalRawId('DatasetItem', input.itemId, ['itemId']),
    }),
  payload: {
    description: 'The rendered prompt.',
    fields: (t) => ({
      prompt: t.expose('prompt', { type: PromptReference, description: 'The content and version that was rendered.' }),
      messages: t.expose('messages', {
        type: [RenderedMessageRef],
        description: 'The messages; none when it cannot be rendered.',
      }),
      error: t.expose('error', {
        type: RunItemError,
        nullable: true,
        description: 'Why it cannot be rendered, else null.',
      }),
    }),
  },
})
