import type { IncomingMessage, ServerResponse } from 'node:http'
import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { Logger } from 'pino'
import { type Context, createContext } from '../../schema/context.ts'
import { schema } from '../../schema/index.ts'
import type { Scope } from '../domain/scope.ts'
import { createErrorMask } from './errors.ts'
import { useCompiledExecution } from './use-compiled-execution.ts'
import { useDocumentLimits } from './use-document-limits.ts'
import { useOperationMetrics } from './use-operation-metrics.ts'

/** What each operation comes with: over HTTP from the request, over WebSocket from the connection. */
export interface OperationOrigin {
  scope: Scope
  req?: IncomingMessage
  res?: ServerResponse
}

export type Yoga = YogaServerInstance<OperationOrigin, Context>

/** The GraphQL engine behind both transports: limits, execution, masking of errors. */
export function createGraphql(given: Omit<Context, 'diffs' | 'loaders' | 'scope'>, log: Logger): Yoga {
  return createYoga<OperationOrigin, Context>({
    schema,
    context: ({ scope }) => createContext({ ...given, scope }),
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    // The limit is enforced in front (request-body.ts): here it would cost 170 µs a request.
    maxRequestBodySize: false,
    maskedErrors: { maskError: createErrorMask(log) },
    // The mask logs what matters, with the number that the caller is given.
    logging: false,
    plugins: [useOperationMetrics(given.services.metrics), useDocumentLimits(), useCompiledExecution()],
  })
}
