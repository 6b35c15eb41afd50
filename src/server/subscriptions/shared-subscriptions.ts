/**
 * Serves subscriptions over both transports. Those of the same document, variables and scope share a channel, whatever
 * their cursors are.
 */
import { hash } from 'node:crypto'
import type { Plugin } from '@envelop/core'
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql'
import type { Context } from '../../../schema/context.ts'
import type { Scope } from '../../domain/scope.ts'
import type { SubscriptionQuotas } from '../../engine/projects/quotas.ts'
import type { SubscriptionCount } from '../limits/subscription-count.ts'
import type { OperationCaller } from '../use-statement-scope.ts'
import { Channel } from './channel.ts'
import { cursorVariable } from './cursor-argument.ts'
import type { Source } from './follower.ts'
import { Payload } from './payload.ts'
import { RecentEvents } from './recent-events.ts'
import { ReplayRefusedError, Replays } from './replays.ts'
import { PullSubscriber, type Results, type SerializedResult, type Subscriber } from './subscriber.ts'

export type SubscriptionCaller = OperationCaller & { scope: Scope }

/** Executes a subscription, with the context of its events. */
export type Subscribe = (
  operation: Operation,
  caller: SubscriptionCaller,
  after: string | null,
) => Promise<{ context: Context; result: AsyncIterable<ExecutionResult> | ExecutionResult }>

/** What subscriptions that share a channel have in common. */
export type Operation = Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'>

interface Options {
  subscribe: Subscribe
  mask: (error: unknown) => Error
  count: SubscriptionCount
  quotas: SubscriptionQuotas
  /** Called for each subscription. */
  onSubscribed: (operation: Operation, result: object) => void
}

export class SharedSubscriptions {
  readonly #options: Options
  readonly #channels = new Map<string, Channel>()
  readonly #documents = new WeakMap<object, number>()
  readonly #replays = new Replays()
  readonly #recent = new RecentEvents()
  #names = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Current subscriptions. */
  get open(): number {
    return this.#options.count.all
  }

  /**
   * Subscribes until the returned results end, or `gone` aborts.
   * @returns the errors if it is refused
   * @throws {ReplayRefusedError} too many subscriptions begin at once
   */
  async subscribe<T>(
    operation: Operation,
    caller: SubscriptionCaller,
    subscriber: Subscriber & { results(leave: () => void): Results<T> },
  ): Promise<Results<T> | ExecutionResult> {
    const { count, quotas, onSubscribed } = this.#options
    const { client, gone, scope } = caller
    const quota = await quotas.of(scope.projectId)
    const entered = count.enter(client, { id: scope.projectId, quota })
    if (entered instanceof GraphQLError) return { errors: [entered] }
    const { channel, after } = this.#channelOf(operation, caller)
    let joined: (() => void) | ExecutionResult
    try {
      joined = await channel.join(subscriber, client, after)
    } catch (error) {
      entered()
      throw error
    }
    onSubscribed(operation, joined)
    if (typeof joined !== 'function') {
      entered()
      return joined
    }
    const leave = joined
    const results = subscriber.results(() => {
      leave()
      entered()
    })
    if (gone.aborted) void results.return()
    else gone.addEventListener('abort', () => void results.return(), { once: true })
    return results
  }

  #channelOf({ document, operationName, variableValues }: Operation, caller: SubscriptionCaller) {
    const { scope } = caller
    const { projectId, role, installation } = scope
    const variable = cursorVariable(document, operationName ?? null)
    const given = variable === null ? undefined : variableValues?.[variable]
    const isCursor = given == null || typeof given === 'string'
    const { [isCursor ? (variable ?? '') : '']: _, ...variables } = variableValues ?? {}
    const subject = [projectId, role, installation, this.#idOf(document), operationName, variables]
    const key = hash('sha256', JSON.stringify(subject), 'base64')
    let channel = this.#channels.get(key)
    if (!channel) {
      this.#names += 1
      channel = new Channel({
        name: String(this.#names),
        open: (client, after) =>
          this.#open({ document, operationName, variableValues: variables }, { scope, client }, after),
        replays: this.#replays,
        recent: this.#recent,
        onIdle: () => this.#channels.delete(key),
      })
      this.#channels.set(key, channel)
    }
    return { channel, after: typeof given === 'string' ? given : null }
  }

  /** The number of a document: equal texts are parsed once. */
  #idOf(document: object): number {
    const known = this.#documents.get(document)
    if (known !== undefined) return known
    this.#names += 1
    this.#documents.set(document, this.#names)
    return this.#names
  }

  async #open(
    operation: Operation,
    caller: Pick<SubscriptionCaller, 'scope' | 'client'>,
    after: string | null,
  ): Promise<Source | ExecutionResult> {
    const { subscribe, mask } = this.#options
    const gone = new AbortController()
    const { context, result } = await subscribe(operation, { ...caller, gone: gone.signal }, after)
    if (!(Symbol.asyncIterator in result)) return result
    const events = result[Symbol.asyncIterator]()
    let isBroken = false
    return {
      async next() {
        if (isBroken) return null
        try {
          const { done, value } = await events.next()
          return done ? null : new Payload(value)
        } catch (error) {
          isBroken = true
          return new Payload({ errors: [mask(error) as GraphQLError] })
        }
      },
      get position() {
        return context.position
      },
      stop() {
        gone.abort()
        // One that fails has nothing left to end.
        void events.return?.()?.catch(() => {})
      },
    }
  }
}

/** Subscriptions over server-sent events; those over WebSocket do not come here. */
export function useSharedSubscriptions(subscriptions: SharedSubscriptions): Plugin<Context & SubscriptionCaller> {
  return {
    async onSubscribe({ args, setResultAndStopExecution }) {
      const context = args.contextValue as Context & SubscriptionCaller
      if (context.shared) return
      try {
        const results = await subscriptions.subscribe<SerializedResult>(args, context, new PullSubscriber())
        setResultAndStopExecution(results)
      } catch (error) {
        if (!(error instanceof ReplayRefusedError)) throw error
        const http = { status: 503, headers: { 'retry-after': String(error.retryAfterSeconds) } }
        setResultAndStopExecution({
          errors: [new GraphQLError(error.message, { extensions: { code: 'LIMIT', http } })],
        })
      }
    },
  }
}
