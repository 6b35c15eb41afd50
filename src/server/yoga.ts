import type { IncomingMessage, ServerResponse } from 'node:http'
import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { Logger } from 'pino'
import { type Context, createContext } from '../../schema/context.ts'
import { schema } from '../../schema/index.ts'
import type { Database } from '../db/client.ts'
import type { Scope } from '../domain/scope.ts'
import { createDocumentCaches } from './limits/document-cache.ts'
import { useDocumentLimits } from './limits/use-document-limits.ts'
import { useSubscriptionLimit } from './limits/use-subscription-limit.ts'
import { createErrorMask } from './mask-errors.ts'
import { useCompiledExecution } from './use-compiled-execution.ts'
import { useOperationMetrics } from './use-operation-metrics.ts'
import { type OperationCaller, useStatementScope } from './use-statement-scope.ts'

/** What each operation comes with: over HTTP from the request, over WebSocket from the connection. */
export interface OperationOrigin extends OperationCaller {
  scope: Scope
  req?: IncomingMessage
  res?: ServerResponse
}

export type Yoga = YogaServerInstance<OperationOrigin, Context>

/**
 * The GraphQL engine behind both transports: limits, execution, masking of errors.
 * @param requests the database of operations; feeds use that of the services
 */
export function createGraphql(
  given: Omit<Context, 'diffs' | 'loaders' | 'scope'>,
  requests: Database,
  log: Logger,
): Yoga {
  const services = { ...given.services, db: requests }
  return createYoga<OperationOrigin, Context>({
    schema,
    context: ({ scope }) => createContext({ ...given, services, scope }),
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    // The limit is enforced in front (request-body.ts): here it would cost 170 µs a request.
    maxRequestBodySize: false,
    parserAndValidationCache: createDocumentCaches(),
    maskedErrors: { maskError: createErrorMask(log) },
    // The mask logs what matters, with the number that the caller is given.
    logging: false,
    plugins: [
      useOperationMetrics(given.services.metrics),
      useDocumentLimits(),
      useSubscriptionLimit(),
      useCompiledExecution(),
      useStatementScope(),
    ],
  })
}
