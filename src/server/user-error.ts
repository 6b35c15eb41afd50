import type { ServerResponse } from 'node:http'
import type { UserError } from '../domain/errors.ts'
import { ImportError } from '../engine/datasets/import.ts'
import { type errorResult, respondJson } from './respond.ts'

/** HTTP status by error code. */
const statuses = {
  INVALID_INPUT: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  CURSOR_EXPIRED: 410,
  LIMIT: 429,
} satisfies Record<UserError['code'], number>

/** An error as any other response has it, and beside it what clients of imports read; `problems` are places in the file. */
interface ErrorBody extends ReturnType<typeof errorResult> {
  status: number
  message: string
  code: UserError['code']
  problems: ImportError['problems']
}

export function errorBody(error: UserError): ErrorBody {
  const isOfFile = error instanceof ImportError
  const status = isOfFile ? 422 : statuses[error.code]
  const { message, code } = error
  const path = error.path ? [...error.path] : null
  return {
    errors: [{ message, extensions: { code, ...(path && { path }) } }],
    ...{ status, message, code, problems: isOfFile ? error.problems : [] },
  }
}

export function respondUserError(response: ServerResponse, error: UserError): void {
  const body = errorBody(error)
  respondJson(response, body.status, body)
}
