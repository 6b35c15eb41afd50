import type { ErrorCode as ErrorCodeName } from '../src/domain/errors.ts'
import type { ItemErrorCode } from '../src/domain/execution/task.ts'
import { builder } from './builder.ts'

export const ErrorCode = builder.enumType('ErrorCode', {
  description: 'Every code of an error of this API, in `UserError.code` and in `extensions.code`. Messages may change.',
  values: {
    INVALID_INPUT: { description: 'The input is invalid; `path` is the invalid part.' },
    NOT_FOUND: { description: 'The project has no such object.' },
    CONFLICT: { description: 'The input is valid, but conflicts with the current state.' },
    FORBIDDEN: { description: 'The key, its role or the origin of the web page does not allow it.' },
    LIMIT: { description: 'The request or the caller exceeds a limit.' },
    CURSOR_EXPIRED: {
      description: 'The cursor is too old, or from before a restore of the database: start over without it.',
    },
    GRAPHQL_PARSE_FAILED: { description: 'The document is not valid GraphQL.' },
    GRAPHQL_VALIDATION_FAILED: { description: 'The document does not match the schema.' },
    UNAUTHENTICATED: { description: 'The API key is missing, unknown or revoked.' },
    METHOD_NOT_ALLOWED: { description: 'The HTTP method is not supported.' },
    NOT_ACCEPTABLE: { description: 'No media type of the accept header is supported.' },
    UNSUPPORTED_MEDIA_TYPE: { description: 'The content type of the body is not supported.' },
    INTERNAL_SERVER_ERROR: {
      description: "An internal error; the server's log has the details under `extensions.errorId`.",
    },
  } satisfies Record<ErrorCodeName, { description: string }>,
})

export const RunItemErrorCode = builder.enumType('RunItemErrorCode', {
  description: 'Kinds of failures.',
  values: {
    TIMEOUT: { description: 'No result within `timeoutMs`.' },
    CONNECTION_REFUSED: { description: 'The endpoint refused the connection.' },
    CONNECTION_FAILED: { description: 'The connection failed or was closed.' },
    BLOCKED_ADDRESS: { description: 'The address of the endpoint is not allowed.' },
    HTTP_STATUS: { description: 'The status of the response is not 200–299.' },
    RATE_LIMITED: { description: 'The endpoint or provider responded with 429.' },
    MALFORMED_RESPONSE: { description: 'The response could not be parsed.' },
    RESPONSE_TOO_LARGE: { description: 'The response exceeds the size limit.' },
    INVALID_INPUT: { description: 'The item does not fit the task, e.g. the rendered URL is invalid.' },
    OUTPUT_NOT_FOUND: { description: 'A path does not match the response.' },
    INVALID_OUTPUT: {
      description: 'The output is not JSON or does not satisfy its schema, or its cost or number of tokens is invalid.',
    },
    TASK_FAILED: { description: 'The task threw; `taskCode` is its own code, if any.' },
    TASK_CRASHED: { description: 'The function ended the process in which it ran alone.' },
    MODULE_NOT_FOUND: { description: 'The worker has no function of this name.' },
    VARIABLE_MISSING: { description: 'The prompt has a variable that the item has no value for.' },
    AUTHENTICATION_FAILED: {
      description: 'The provider does not accept the key, or there is none; this stops the run.',
    },
    QUOTA_EXHAUSTED: { description: 'The quota of the key is used up; this stops the run.' },
    MODEL_NOT_FOUND: { description: 'The provider has no such model, or the key may not use it; this stops the run.' },
    NOTHING_SERVED: { description: 'The address of the provider serves no models; this stops the run.' },
    CONTEXT_LENGTH: { description: 'The prompt is longer than the model can take.' },
    CONTENT_FILTERED: { description: "A filter of the provider refused the prompt, or ended the model's answer." },
    UNSTORABLE_RESULT: { description: 'The result could not be stored.' },
    EVALUATOR_FAILED: { description: 'The evaluator threw or timed out; only in scores.' },
  } satisfies Record<ItemErrorCode, { description: string }>,
})

export const HttpMethod = builder.enumType('HttpMethod', {
  description: 'HTTP methods.',
  values: {
    GET: { description: 'Without a body.' },
    POST: { description: 'The default.' },
    PUT: { description: 'With a body.' },
    PATCH: { description: 'With a body.' },
  },
})

export const RunStatus = builder.enumType('RunStatus', {
  description: 'The status of a run; docs/run-lifecycle.md has the transitions.',
  values: {
    QUEUED: { description: 'Waits for a worker.' },
    RUNNING: { description: 'Items are being executed.' },
    COMPLETED: { description: 'Every item succeeded or failed.' },
    CANCELLED: {
      description: 'It was cancelled, or only its failed items were retried; `resumeRun` executes the rest.',
    },
    STOPPED: { description: 'It stopped for a reason in `stopReason`.' },
  },
})

export const StopReason = builder.enumType('StopReason', {
  description: 'Reasons why a run stopped.',
  values: {
    BUDGET: { description: 'Its known cost reached `budgetUsd`.' },
    FAILURE_RATE: { description: 'More than `maxFailureRate` of its finished items had failed.' },
    EARLY_DECISION: { description: 'Its comparison with the baseline was decided (`earlyStop`).' },
    PROVIDER: { description: 'The provider of its model refuses every call; `stopMessage` says why.' },
  },
})

export const RunItemStatus = builder.enumType('RunItemStatus', {
  description: 'The status of one execution of one dataset item.',
  values: {
    QUEUED: { description: 'Not started, or waiting for another attempt.' },
    RUNNING: { description: 'The task is being called, or its output scored.' },
    SUCCEEDED: { description: 'The task returned an output.' },
    FAILED: { description: 'The last attempt failed, with `error`.' },
    CANCELLED: { description: 'The run ended before it finished.' },
  },
})

export const ScoreDataType = builder.enumType('ScoreDataType', {
  description: 'Types of scores.',
  values: {
    NUMERIC: { description: 'A number in `value`.' },
    BOOLEAN: { description: '0 or 1 in `value`.' },
    CATEGORICAL: { description: 'A category in `label`.' },
    TEXT: { description: 'Free text in `label`.' },
  },
})

export const ScoreSource = builder.enumType('ScoreSource', {
  description: 'The origin of a score.',
  values: {
    EVALUATOR: { description: 'An evaluator, while the run was executed.' },
    HUMAN: { description: 'A person.' },
    API: { description: 'A program, through this API.' },
  },
})

export const FailurePolicy = builder.enumType('FailurePolicy', {
  description: 'How items without a value of a score count in verdicts. Runs pin it; verdicts do not apply it yet.',
  values: {
    MISSING: { description: 'Not at all.' },
    WORST: { description: 'As the worst possible value.' },
    REFUSE: { description: 'There is no verdict while any is missing.' },
  },
})

export const Direction = builder.enumType('Direction', {
  description: 'Which values of a score are better.',
  values: {
    HIGHER_IS_BETTER: { description: 'Higher values are better.' },
    LOWER_IS_BETTER: { description: 'Lower values are better.' },
    NONE: { description: 'Neither: the score is only descriptive.' },
  },
})

export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Directions of an order.',
  values: { ASC: { description: 'Smallest or oldest first.' }, DESC: { description: 'Largest or newest first.' } },
})
