import { previewTask } from '../../src/engine/preview-task.ts'
import { mutation } from '../mutation.ts'
import { RunItemError } from '../run/run-item.ts'
import { TaskInput, taskSpec } from './task.ts'

mutation('previewTask', {
  description: 'Calls an HTTP endpoint or a function once, as a run does for one item, without recording anything.',
  input: {
    description: 'A task to try, and an item to try it with.',
    fields: (t) => ({
      task: t.field({
        type: TaskInput,
        required: true,
        description: 'The endpoint, or the function; for prompts there is `previewPrompt`.',
      }),
      input: t.field({ type: 'JSON', description: 'The input of the item; default null.' }),
      metadata: t.field({ type: 'JSON', description: 'The metadata of the item; default null.' }),
    }),
  },
  errors: [],
  resolve: ({ task, input, metadata }, { services, scope, gone }) =>
    previewTask(services, scope, { task: taskSpec(task), input: input ?? null, metadata: metadata ?? null }, gone),
  recordsNothing: true,
  payload: {
    description: 'What a run would record of this item.',
    fields: (t) => ({
      output: t.expose('output', { type: 'JSON', nullable: true, description: 'The output; null with an error.' }),
      error: t.expose('error', {
        type: RunItemError,
        nullable: true,
        description: 'The error if it failed, else null.',
      }),
      latencyMs: t.exposeFloat('latencyMs', { description: 'How long the call took, in milliseconds.' }),
      costUsd: t.exposeFloat('costUsd', { nullable: true, description: 'Its cost; null when unknown.' }),
      inputTokens: t.exposeInt('inputTokens', { nullable: true, description: 'Input tokens; null when unknown.' }),
      outputTokens: t.exposeInt('outputTokens', { nullable: true, description: 'Output tokens; null when unknown.' }),
    }),
  },
})
