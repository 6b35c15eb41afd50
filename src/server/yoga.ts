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
import { useRefusalOfMediaTypes } from './use-refusal-of-media-types.ts'
import { type OperationCaller, useStatementScope } from './use-statement-scope.ts'

/** Context that the transport provides: from the HTTP request, or from the WebSocket connection. */
export interface OperationOrigin extends OperationCaller {
  scope: Scope
  req?: IncomingMessage
  res?: ServerResponse
}

export type Yoga = YogaServerInstance<OperationOrigin, Context>

/**
 * GraphQL for both transports: limits, execution, error masking.
 * @param requests the database for operations; feeds use that of the services
 */
export function createGraphql(
  base: Omit<Context, 'diffs' | 'gone' | 'loaders' | 'scope'>,
  requests: Database,
  log: Logger,
): Yoga {
  const services = { ...base.services, db: requests }
  return createYoga<OperationOrigin, Context>({
    schema,
    context: ({ scope, gone }) => createContext({ ...base, services, scope, gone }),
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    // Enforced earlier (request-body.ts): here it would cost 170 µs per request.
    maxRequestBodySize: false,
    parserAndValidationCache: createDocumentCaches(),
    maskedErrors: { maskError: createErrorMask(log) },
    // The error mask logs internal errors with the id that the client gets.
    logging: false,
    plugins: [
      useOperationMetrics(base.services.metrics),
      useDocumentLimits(),
      useSubscriptionLimit(),
      useCompiledExecution(),
      useStatementScope(),
      useRefusalOfMediaTypes(),
    ],
  })
}
