import type { PreviewAnswer } from '../../src/db/sql/preview/previews.ts'
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
import { Generation } from '../run/generation.ts'
import { RunItemError } from '../run/run-item.ts'
import { ModelParametersInput, PromptReferenceInput, promptReference } from './prompt-content-input.ts'
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

const PromptPreviewAnswer = builder.objectRef<PreviewAnswer>('PromptPreviewAnswer').implement({
  description: 'What a model answered to a preview.',
  fields: (t) => ({
    output: t.expose('output', { type: 'JSON', nullable: true, description: 'The output, as a run would record it.' }),
    latencyMs: t.exposeFloat('latencyMs', { description: 'How long the call took, in milliseconds.' }),
    costUsd: t.exposeFloat('costUsd', { nullable: true, description: 'Its cost in USD; null when unknown.' }),
    inputTokens: t.exposeInt('inputTokens', { nullable: true, description: 'Input tokens; null when unknown.' }),
    outputTokens: t.exposeInt('outputTokens', { nullable: true, description: 'Output tokens; null when unknown.' }),
    generation: t.field({
      type: Generation,
      nullable: true,
      description: 'How the model made it.',
      resolve: ({ generation }) => generation ?? null,
    }),
  }),
})

const PromptCallInput = builder.inputType('PromptCallInput', {
  description: 'A model to call with a prompt.',
  fields: (t) => ({
    provider: t.string({ required: true, description: 'The name of a provider of the project.' }),
    model: t.string({ required: true, description: 'The model, as the provider calls it.' }),
    parameters: t.field({ type: ModelParametersInput, description: "In place of the prompt's own, one by one." }),
  }),
})

mutation('previewPrompt', {
  description: 'Renders a prompt for one item, and calls a model with it if asked to. Nothing is recorded.',
  input: {
    description: 'A prompt, and an item or an input to render it for.',
    fields: (t) => ({
      prompt: t.field({ type: PromptReferenceInput, required: true, description: 'The prompt.' }),
      itemId: t.id({ description: 'A dataset item: its newest content.' }),
      input: t.field({ type: 'JSON', description: 'Or an input; default null.' }),
      metadata: t.field({ type: 'JSON', description: 'And metadata; default null.' }),
      call: t.field({ type: PromptCallInput, description: 'Calls a model too; default: the prompt is only rendered.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: (input, { services, scope, gone }) => {
    const prompt = promptReference(input.prompt, ['prompt'])
    const itemId = optionalRawId('DatasetItem', input.itemId, ['itemId'])
    return previewPrompt(services, scope, { ...input, prompt, itemId }, gone)
  },
  recordsNothing: true,
  payload: {
    description: 'The rendered prompt.',
    fields: (t) => ({
      prompt: t.expose('prompt', { type: PromptReference, description: 'The content and version that was rendered.' }),
      messages: t.expose('messages', {
        type: [RenderedMessageRef],
        description: 'The messages; none when it cannot be rendered.',
      }),
      answer: t.expose('answer', {
        type: PromptPreviewAnswer,
        nullable: true,
        description: 'What the model answered; null without a call, or when it failed.',
      }),
      error: t.expose('error', {
        type: RunItemError,
        nullable: true,
        description: 'Why it cannot be rendered, or why the call failed; else null.',
      }),
    }),
  },
})
