import { defaultRunSettings, type RunSettings } from '../../src/domain/run.ts'
import { builder } from '../builder.ts'

export const RunSettingsRef = builder.objectRef<RunSettings>('RunSettings').implement({
  description: 'How a run is executed.',
  fields: (t) => ({
    concurrency: t.exposeInt('concurrency', { description: 'Concurrent items, over all workers.' }),
    repetitions: t.exposeInt('repetitions', { description: 'Executions of every item.' }),
    timeoutMs: t.exposeInt('timeoutMs', { description: 'Limit of one call of the task, in milliseconds.' }),
    maxAttempts: t.exposeInt('maxAttempts', { description: 'Calls per item before a retryable failure is final.' }),
    budgetUsd: t.exposeFloat('budgetUsd', {
      nullable: true,
      description: 'The run stops when the known cost of its tasks and evaluators reaches this.',
    }),
    maxFailureRate: t.exposeFloat('maxFailureRate', {
      nullable: true,
      description: 'The run stops when more than this share of its finished items failed.',
    }),
    cache: t.exposeBoolean('cache', {
      description: 'Whether outputs of the same task, input and repetition are reused.',
    }),
  }),
})

export const RunSettingsInput = builder.inputType('RunSettingsInput', {
  description: 'How runs are executed; omitted fields keep the value of the experiment, or the default.',
  fields: (t) => ({
    concurrency: t.int({ description: `Concurrent items, 1–1,000; default ${defaultRunSettings.concurrency}.` }),
    repetitions: t.int({ description: `Executions of every item, 1–100; default ${defaultRunSettings.repetitions}.` }),
    timeoutMs: t.int({
      description: `Milliseconds per call of the task, 1–3,600,000; default ${defaultRunSettings.timeoutMs}.`,
    }),
    maxAttempts: t.int({ description: `Calls per item, 1–20; default ${defaultRunSettings.maxAttempts}.` }),
    budgetUsd: t.float({
      description: 'Stop when the known cost of tasks and evaluators reaches this; null: no limit.',
    }),
    maxFailureRate: t.float({
      description: 'Stop when more than this share of finished items failed, 0–1; null: never.',
    }),
    cache: t.boolean({ description: 'Reuse outputs of the same task, input and repetition; default false.' }),
  }),
})
