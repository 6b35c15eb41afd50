/** Masks errors: clients see user errors in full, internal errors only as an id that is also in the log. */
import { randomUUID } from 'node:crypto'
import { GraphQLError, type GraphQLErrorExtensions } from 'graphql'
import type { Logger } from 'pino'
import { explainRefusal } from '../db/explain-refusal.ts'
import { UserError } from '../domain/errors.ts'

export function createErrorMask(log: Logger): (error: unknown) => Error {
  return (error) => {
    const located = error instanceof GraphQLError ? error : null
    const cause = explainRefusal(originalOf(error))
    // Syntax, validation and limit errors.
    if (located && cause instanceof GraphQLError) return located

    if (cause instanceof UserError) {
      return at(located, cause.message, { code: cause.code, ...(cause.path && { path: cause.path }) })
    }
    const errorId = randomUUID()
    log.error({ err: cause, errorId, path: located?.path }, 'a request failed')
    const message = `Something went wrong on our side. The server's log has it under ${errorId}.`
    return at(located, message, { code: 'INTERNAL_SERVER_ERROR', errorId, unexpected: true })
  }
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
