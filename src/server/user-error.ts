import type { ServerResponse } from 'node:http'
import type { UserError } from '../domain/errors.ts'
import { ImportError } from '../engine/datasets/import.ts'
import { respondJson } from './respond.ts'

/** HTTP status by error code. */
const statuses = {
  INVALID_INPUT: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  CURSOR_EXPIRED: 410,
  LIMIT: 429,
} satisfies Record<UserError['code'], number>

/** The error of an import or export; `problems` locate errors in the file. */
interface ErrorBody {
  status: number
  message: string
  code: UserError['code']
  problems: ImportError['problems']
}

export function errorBody(error: UserError): ErrorBody {
  const isOfFile = error instanceof ImportError
  const status = isOfFile ? 422 : statuses[error.code]
  return { status, message: error.message, code: error.code, problems: isOfFile ? error.problems : [] }
}

export function respondUserError(response: ServerResponse, error: UserError): void {
  const body = errorBody(error)
  respondJson(response, body.status, body)
}
