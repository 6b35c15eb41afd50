/** Limits open subscriptions over both transports: each costs wake-ups, reads and writes. */
import { isAsyncIterable, type Plugin } from '@envelop/core'
import { GraphQLError } from 'graphql'
import type { OperationCaller } from '../use-statement-scope.ts'

export interface SubscriptionLimits {
  /** Per caller. */
  perCaller: number
  /** In this process. */
  all: number
}

export const subscriptionLimits: SubscriptionLimits = { perCaller: 2_500, all: 5_000 }

export function useSubscriptionLimit({
  perCaller,
  all,
}: SubscriptionLimits = subscriptionLimits): Plugin<OperationCaller> {
  const open = new Map<string, number>()
  let total = 0
  return {
    onSubscribe({ args, setResultAndStopExecution }) {
      const { client, gone } = args.contextValue as OperationCaller
      const own = open.get(client) ?? 0
      if (own >= perCaller || total >= all) {
        const limit =
          own >= perCaller
            ? `${perCaller.toLocaleString('en')} subscriptions of one caller`
            : `${all.toLocaleString('en')} subscriptions`
        const message = `Expected at most ${limit} at once, got one more. End some, or follow more with one.`
        return setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions: { code: 'LIMIT' } })] })
      }
      total += 1
      open.set(client, own + 1)
      let over = false
      const end = () => {
        if (over) return
        over = true
        total -= 1
        const left = (open.get(client) ?? 1) - 1
        if (left > 0) open.set(client, left)
        else open.delete(client)
      }
      gone.addEventListener('abort', end, { once: true })
      return {
        onSubscribeError: end,
        onSubscribeResult({ result }) {
          if (!isAsyncIterable(result)) return void end()
          return { onEnd: end }
        },
      }
    },
  }
}
