import type { IncomingMessage, ServerResponse } from 'node:http'
import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { Logger } from 'pino'
import { type Context, createContext } from '../../schema/context.ts'
import { schema } from '../../schema/index.ts'
import type { Database } from '../db/client.ts'
import type { Scope } from '../domain/scope.ts'
import { SubscriptionQuotas } from '../engine/projects/quotas.ts'
import type { ChangeWatch } from './change-watch.ts'
import { FinishedRunAnswers, type TaggedQuery } from './finished-runs/finished-run-answers.ts'
import { createDocumentCaches } from './limits/document-cache.ts'
import type { LoopTime } from './limits/loop-time.ts'
import { SubscriptionCount } from './limits/subscription-count.ts'
import { useDocumentLimits } from './limits/use-document-limits.ts'
import { createErrorMask } from './mask-errors.ts'
import { OperationMetrics } from './operation-metrics.ts'
import { SharedSubscriptions, useSharedSubscriptions } from './subscriptions/shared-subscriptions.ts'
import { useAnswersInSteps } from './use-answers-in-steps.ts'
import { useCompiledExecution } from './use-compiled-execution.ts'
import { useEventStreams } from './use-event-streams.ts'
import { useRefusalOfMediaTypes } from './use-refusal-of-media-types.ts'
import { useReplica } from './use-replica.ts'
import { type OperationCaller, useStatementScope } from './use-statement-scope.ts'

/** Context that the transport provides: from the HTTP request, or from the WebSocket connection. */
export interface OperationOrigin extends OperationCaller {
  scope: Scope
  /** See the context. */
  shared?: Context['shared']
  /** Of a request whose answer may be kept. */
  tagged?: TaggedQuery | null
  req?: IncomingMessage
  res?: ServerResponse
}

export type Yoga = YogaServerInstance<OperationOrigin, Context>

export interface Graphql {
  yoga: Yoga
  subscriptions: SharedSubscriptions
  answers: FinishedRunAnswers
}

/**
 * GraphQL for both transports: limits, execution, error masking.
 * @param requests the database for operations; feeds use that of the services
 */
export function createGraphql(
  base: Omit<Context, 'diffs' | 'gone' | 'loaders' | 'position' | 'scope' | 'shared'>,
  requests: Database,
  changes: ChangeWatch,
  loopTime: LoopTime,
  log: Logger,
): Graphql {
  const services = { ...base.services, db: requests }
  const metrics = new OperationMetrics(base.services.metrics)
  const mask = createErrorMask(log)
  const answers = new FinishedRunAnswers(requests, changes, loopTime)
  const subscriptions = new SharedSubscriptions({
    async subscribe(operation, caller, after) {
      const { schema, contextFactory, subscribe } = yoga.getEnveloped({ ...caller, shared: { after } })
      const contextValue = await contextFactory()
      return { context: contextValue, result: await subscribe({ ...operation, schema, contextValue }) }
    },
    mask,
    count: new SubscriptionCount(),
    quotas: new SubscriptionQuotas(base.services.db),
    onSubscribed: (operation, result) => metrics.subscribed(operation, result),
  })
  const yoga = createYoga<OperationOrigin, Context>({
    schema,
    context: ({ scope, gone, shared = null }) => createContext({ ...base, services, scope, gone, shared }),
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    batching: false,
    // Enforced earlier (request-body.ts): here it would cost 170 µs per request.
    maxRequestBodySize: false,
    parserAndValidationCache: createDocumentCaches(),
    maskedErrors: { maskError: mask },
    // The error mask logs internal errors with the id that the client gets.
    logging: false,
    plugins: [
      useSharedSubscriptions(subscriptions),
      metrics.plugin,
      useDocumentLimits(),
      useCompiledExecution(),
      ...(base.services.replica ? [useReplica(base.services.replica)] : []),
      useStatementScope(changes, loopTime),
      useEventStreams(loopTime),
      useRefusalOfMediaTypes(),
      useAnswersInSteps(loopTime),
      answers.plugin,
    ],
  })
  return { yoga, subscriptions, answers }
}
