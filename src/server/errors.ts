/** What callers see of errors: their own mistakes in full, ours as a number that leads to the log. */
import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { UserError } from '../domain/errors.ts'

export function createErrorMask(log: Logger): (error: unknown) => Error {
  return (error) => {
    const located = error instanceof GraphQLError ? error : null
    const cause = originalOf(error)
    // Errors of the query itself: syntax, validation, limits.
    if (located && cause instanceof GraphQLError) return located

    const { nodes, source, positions, path } = located ?? {}
    if (cause instanceof UserError) {
      const extensions = { code: cause.code, ...(cause.path && { path: cause.path }) }
      return new GraphQLError(cause.message, { nodes, source, positions, path, extensions })
    }
    const errorId = randomUUID()
    log.error({ err: cause, errorId, path }, 'a request failed')
    return new GraphQLError(`Something went wrong on our side. The server's log has it under ${errorId}.`, {
      nodes,
      source,
      positions,
      path,
      extensions: { code: 'INTERNAL_SERVER_ERROR', errorId, unexpected: true },
    })
  }
}

function originalOf(error: unknown): unknown {
  let original = error
  while (original instanceof GraphQLError && original.originalError) original = original.originalError
  return original
}
