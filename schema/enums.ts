import { builder } from './builder.ts'

export const RunStatus = builder.enumType('RunStatus', {
  description: 'Where a run is in its life (docs/run-lifecycle.md draws it).',
  values: {
    QUEUED: { description: 'Waits for a worker.' },
    RUNNING: { description: 'Items are being executed.' },
    COMPLETED: { description: 'Every item succeeded or failed.' },
    CANCELLED: {
      description: 'Somebody cancelled it, or only what had failed was retried; `resumeRun` executes the rest.',
    },
    STOPPED: { description: 'It stopped itself; `stopReason` says why.' },
  },
})

export const StopReason = builder.enumType('StopReason', {
  description: 'Why a run stopped itself.',
  values: {
    BUDGET: { description: 'Its known cost reached `budgetUsd`.' },
    FAILURE_RATE: { description: 'More than `maxFailureRate` of its finished items had failed.' },
    EARLY_DECISION: { description: 'The comparison it was started for was decided.' },
  },
})

export const RunItemStatus = builder.enumType('RunItemStatus', {
  description: 'Where one execution of one dataset item is.',
  values: {
    QUEUED: { description: 'Not executed yet, or waiting for another attempt.' },
    RUNNING: { description: 'The task is being called, or its output scored.' },
    SUCCEEDED: { description: 'The task returned an output.' },
    FAILED: { description: 'The last attempt failed; `error` says how.' },
    CANCELLED: { description: 'The run ended before it.' },
  },
})

export const ScoreDataType = builder.enumType('ScoreDataType', {
  description: 'What kind of value a score has.',
  values: {
    NUMERIC: { description: 'A number in `value`.' },
    BOOLEAN: { description: '0 or 1 in `value`.' },
    CATEGORICAL: { description: 'A category in `label`.' },
    TEXT: { description: 'Free text in `label`.' },
  },
})

export const ScoreSource = builder.enumType('ScoreSource', {
  description: 'Who gave a score.',
  values: {
    EVALUATOR: { description: 'An evaluator, while the run was executed.' },
    HUMAN: { description: 'A person.' },
    API: { description: 'A program, through this API.' },
  },
})

export const Direction = builder.enumType('Direction', {
  description: 'Which values of a score are better.',
  values: {
    HIGHER_IS_BETTER: { description: 'The more the better.' },
    LOWER_IS_BETTER: { description: 'The less the better.' },
    NONE: { description: 'Neither: the score only describes.' },
  },
})

export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which end of a list comes first.',
  values: { ASC: { description: 'Smallest or oldest first.' }, DESC: { description: 'Largest or newest first.' } },
})
