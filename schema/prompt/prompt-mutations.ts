import { ConflictError, NotFoundError } from '../../src/domain/errors.ts'
import {
  createPrompt,
  deletePrompt,
  setPromptArchived,
  setPromptLabel,
  updatePrompt,
} from '../../src/engine/prompts/prompts.ts'
import { deletion } from '../deletion.ts'
import { mutation } from '../mutation.ts'
import { PromptRef } from '../refs.ts'
import { rawId } from '../relay/global-id.ts'
import { PromptContentInput, promptContent } from './prompt-content-input.ts'

mutation('createPrompt', {
  description: 'Creates a prompt, at version 1.',
  input: {
    description: 'A new prompt.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the project; `/` groups names.' }),
      description: t.string({ description: 'Its purpose.' }),
      metadata: t.field({ type: 'JSON', description: 'Any data to store with it.' }),
      content: t.field({ type: PromptContentInput, required: true, description: 'What it consists of.' }),
      message: t.string({ description: 'About this version, at most 2,000 characters.' }),
      labels: t.stringList({ description: 'Labels to give to this version, such as `production`.' }),
    }),
  },
  errors: [ConflictError],
  resolve: async (input, { services, scope }) => ({
    prompt: await createPrompt(services, scope, { ...input, content: promptContent(input.content, ['content']) }),
  }),
  payload: {
    description: 'The prompt was created.',
    fields: (t) => ({ prompt: t.expose('prompt', { type: PromptRef, description: 'The new prompt.' }) }),
  },
})

mutation('updatePrompt', {
  description: 'Changes a prompt; another content creates a new version. Runs keep the version they started with.',
  input: {
    description: 'The changes; omitted fields stay as they are.',
    fields: (t) => ({
      id: t.id({ required: true, description: 'The prompt.' }),
      name: t.string({ description: 'A new name.' }),
      description: t.string({ description: 'Its purpose; null clears it.' }),
      metadata: t.field({ type: 'JSON', description: 'Replaces the metadata; null clears it.' }),
      content: t.field({ type: PromptContentInput, description: 'The content of a new version, as a whole.' }),
      message: t.string({ description: 'About the new version, at most 2,000 characters.' }),
      labels: t.stringList({ description: 'Labels to move to the version that is the newest after the change.' }),
      ifVersion: t.int({ description: 'Refuses the change unless this is the newest version.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ content, ...input }, { services, scope }) => ({
    prompt: await updatePrompt(services, scope, {
      ...input,
      id: rawId('Prompt', input.id, ['id']),
      content: content && promptContent(content, ['content']),
    }),
  }),
  payload: {
    description: 'The prompt was changed.',
    fields: (t) => ({ prompt: t.expose('prompt', { type: PromptRef, description: 'The prompt as it is now.' }) }),
  },
})

mutation('setPromptLabel', {
  description: 'Gives a label to a version of a prompt, and takes it from the one that has it.',
  input: {
    description: 'A label and the version that gets it.',
    fields: (t) => ({
      promptId: t.id({ required: true, description: 'The prompt.' }),
      label: t.string({ required: true, description: '1–50 letters, digits, `.`, `_` or `-`; not `latest`.' }),
      version: t.int({ required: true, description: 'The version that gets it.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ promptId, ...label }, { services, scope }) => ({
    prompt: await setPromptLabel(services, scope, { promptId: rawId('Prompt', promptId, ['promptId']), ...label }),
  }),
  payload: {
    description: 'The version has the label.',
    fields: (t) => ({ prompt: t.expose('prompt', { type: PromptRef, description: 'The prompt as it is now.' }) }),
  },
})

mutation('removePromptLabel', {
  description: 'Removes a label from a prompt. Refused while an experiment refers to it.',
  input: {
    description: 'A label.',
    fields: (t) => ({
      promptId: t.id({ required: true, description: 'The prompt.' }),
      label: t.string({ required: true, description: 'The label.' }),
    }),
  },
  errors: [NotFoundError, ConflictError],
  resolve: async ({ promptId, label }, { services, scope }) => ({
    prompt: await setPromptLabel(services, scope, {
      promptId: rawId('Prompt', promptId, ['promptId']),
      label,
      version: null,
    }),
  }),
  payload: {
    description: 'No version has the label.',
    fields: (t) => ({ prompt: t.expose('prompt', { type: PromptRef, description: 'The prompt as it is now.' }) }),
  },
})

mutation('archivePrompt', {
  description: 'Archives a prompt: lists leave it out, it cannot be changed, and no new experiment can refer to it.',
  input: {
    description: 'A prompt.',
    fields: (t) => ({ id: t.id({ required: true, description: 'The prompt.' }) }),
  },
  errors: [NotFoundError],
  resolve: async ({ id }, { services, scope }) => ({
    prompt: await setPromptArchived(services, scope, { id: rawId('Prompt', id, ['id']), archived: true }),
  }),
  payload: {
    description: 'It is archived.',
    fields: (t) => ({ prompt: t.expose('prompt', { type: PromptRef, description: 'The prompt as it is now.' }) }),
  },
})

mutation('restorePrompt', {
  description: 'Takes a prompt out of the archive.',
  input: {
    description: 'A prompt.',
    fields: (t) => ({ id: t.id({ required: true, description: 'The prompt.' }) }),
  },
  errors: [NotFoundError],
  resolve: async ({ id }, { services, scope }) => ({
    prompt: await setPromptArchived(services, scope, { id: rawId('Prompt', id, ['id']), archived: false }),
  }),
  payload: {
    description: 'It is not archived.',
    fields: (t) => ({ prompt: t.expose('prompt', { type: PromptRef, description: 'The prompt as it is now.' }) }),
  },
})

deletion('deletePrompt', {
  type: 'Prompt',
  description: 'Deletes a prompt with its versions. Refused while an experiment refers to it; runs keep its content.',
  errors: [ConflictError],
  remove: (id, { services, scope }) => deletePrompt(services, scope, id),
})
