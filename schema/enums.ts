import type { ErrorCode as ErrorCodeName } from '../src/domain/errors.ts'
import type { ItemErrorCode } from '../src/domain/execution/task.ts'
import { builder } from './builder.ts'

export const ErrorCode = builder.enumType('ErrorCode', {
  description: 'Every code of an error of this API, in `UserError.code` and in `extensions.code`. Messages may change.',
  values: {
    INVALID_INPUT: { description: 'The input cannot be used; `path` says which part of it.' },
    NOT_FOUND: { description: 'There is no such thing in your project.' },
    CONFLICT: { description: 'The input is fine, but not with what is already there.' },
    FORBIDDEN: { description: 'Your key, your role or the origin of your page does not allow it.' },
    LIMIT: { description: 'More was asked for than one request, or one caller, may have.' },
    CURSOR_EXPIRED: { description: 'The cursor is from before the database was restored: start over without it.' },
    GRAPHQL_PARSE_FAILED: { description: 'The document is not GraphQL.' },
    GRAPHQL_VALIDATION_FAILED: { description: 'The document does not fit the schema.' },
    UNAUTHENTICATED: { description: 'An API key is needed, and there is none, an unknown or a revoked one.' },
    METHOD_NOT_ALLOWED: { description: 'The HTTP method is not one that is served here.' },
    NOT_ACCEPTABLE: { description: 'No media type of the accept header is served here.' },
    UNSUPPORTED_MEDIA_TYPE: { description: 'The content type of the body is not read here.' },
    INTERNAL_SERVER_ERROR: { description: 'Our mistake; the log of the server has it under `extensions.errorId`.' },
  } satisfies Record<ErrorCodeName, { description: string }>,
})

export const RunItemErrorCode = builder.enumType('RunItemErrorCode', {
  description: 'What kind of failure it was.',
  values: {
    TIMEOUT: { description: 'No result within `timeoutMs`.' },
    CONNECTION_REFUSED: { description: 'Nothing listens at the endpoint.' },
    CONNECTION_FAILED: { description: 'The connection could not be made, or was closed.' },
    BLOCKED_ADDRESS: { description: 'The endpoint is at an address that may not be called.' },
    HTTP_STATUS: { description: 'The endpoint answered with another status than 200–299.' },
    RATE_LIMITED: { description: 'The endpoint answered 429.' },
    MALFORMED_RESPONSE: { description: 'The response could not be read.' },
    RESPONSE_TOO_LARGE: { description: 'The response is larger than may be read.' },
    INVALID_INPUT: { description: 'The item does not fit the task, e.g. its URL or body cannot be made.' },
    OUTPUT_NOT_FOUND: { description: 'A path finds nothing in the response.' },
    INVALID_OUTPUT: { description: 'What the task returned is not JSON, or not a cost or a number of tokens.' },
    TASK_FAILED: { description: 'The task threw; with a code of its own, `taskCode` has it.' },
    MODULE_NOT_FOUND: { description: 'The worker has no function of this name.' },
    UNSTORABLE_RESULT: { description: 'The database refused the result.' },
    EVALUATOR_FAILED: { description: 'The evaluator threw or took too long; only in scores.' },
  } satisfies Record<ItemErrorCode, { description: string }>,
})

export const HttpMethod = builder.enumType('HttpMethod', {
  description: 'How an endpoint is called.',
  values: {
    GET: { description: 'Without a body.' },
    POST: { description: 'The usual one.' },
    PUT: { description: 'With a body.' },
    PATCH: { description: 'With a body.' },
  },
})

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
