/** Masks errors: clients see user errors in full, internal errors only as an id that is also in the log. */
import { randomUUID } from 'node:crypto'
import {
  type ExecutionResult,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLErrorExtensions,
  type GraphQLFormattedError,
} from 'graphql'
import type { Logger } from 'pino'
import { explainRefusal } from '../db/explain-refusal.ts'
import { type ErrorCode, errorCodes, UserError } from '../domain/errors.ts'

export function createErrorMask(log: Logger): (error: unknown) => Error {
  return (error) => {
    const located = error instanceof GraphQLError ? error : null
    const cause = explainRefusal(originalOf(error))
    if (located && cause instanceof GraphQLError && !isOfResult(located, cause)) return withCode(located)

    if (cause instanceof UserError) {
      return at(located, cause.message, { code: cause.code, ...(cause.path && { path: cause.path }) })
    }
    const errorId = randomUUID()
    log.error({ err: cause, errorId, path: located?.path }, 'a request failed')
    const message = `Something went wrong on our side. The server's log has it under ${errorId}.`
    return at(located, message, { code: 'INTERNAL_SERVER_ERROR', errorId, unexpected: true })
  }
}

/** Whether graphql refused what a resolver returned: our mistake. What it refuses in a document has its place there. */
function isOfResult(located: GraphQLError, cause: GraphQLError): boolean {
  return cause !== located && cause.nodes === undefined && cause.source === undefined
}

/** An error of the document, its variables, its size or the request, with its code. */
function withCode(error: GraphQLError): GraphQLError {
  // Errors of graphql-jit have no extensions.
  const { message, nodes, source, positions, path, originalError, extensions = {} } = error
  const code = codeOfRequest(error, extensions)
  if (extensions.code === code) return error
  const options = { nodes, source, positions, path, originalError, extensions: { ...extensions, code } }
  return new GraphQLError(message, options)
}

/** The error with its code as Yoga sends it: without the HTTP status, and without the mark of internal ones. */
export function formatError(error: GraphQLError): GraphQLFormattedError {
  const { extensions: { http: _, unexpected: __, ...extensions } = {}, ...formatted } = withCode(error).toJSON()
  return { ...formatted, extensions }
}

/** A result with its errors so. */
export function formatResult({ errors, ...result }: ExecutionResult): FormattedExecutionResult {
  return errors ? { ...result, errors: errors.map(formatError) } : result
}

function codeOfRequest({ source, nodes }: GraphQLError, { code, http }: GraphQLErrorExtensions): ErrorCode {
  const own = errorCodes.find((known) => known === code)
  if (own) return own
  if (source && !nodes) return 'GRAPHQL_PARSE_FAILED'
  return (http as { status?: number } | undefined)?.status === 405 ? 'METHOD_NOT_ALLOWED' : 'INVALID_INPUT'
}

/** An error with this message at the location of another. */
function at(place: GraphQLError | null, message: string, extensions: GraphQLErrorExtensions): GraphQLError {
  return new GraphQLError(message, { nodes: place?.nodes, path: place?.path, extensions })
}

function originalOf(error: unknown): unknown {
  let original = error
  while (original instanceof GraphQLError && original.originalError) original = original.originalError
  return original
}
