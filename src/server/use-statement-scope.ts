/**
 * Gives the statements of every operation their limits: in time and bytes, for queries; until the client is gone, for
 * queries and subscriptions. Mutations end as they would have: a client that is gone does not undo them half-way.
 */
import type { Plugin } from '@envelop/core'
import { isAsyncIterable } from '@envelop/core'
import { type ExecutionArgs, getOperationAST } from 'graphql'
import { StatementScope } from '../db/statement-scope.ts'
import { LimitError } from '../domain/errors.ts'

export const operationLimits = {
  /** Milliseconds that a query may take, waiting for its turn included. */
  queryMs: 30_000,
  /** Bytes of rows that one query, mutation or event of a subscription may read. */
  readBytes: 64 * 1024 * 1024,
}

/** Part of the context of every operation. */
export interface OperationCaller {
  /** Tells callers apart. */
  client: string
  /** Aborted when nobody waits for the result any more. */
  gone: AbortSignal
}

export function useStatementScope(): Plugin<OperationCaller> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { client: group, gone } = args.contextValue as OperationCaller
      if (operationOf(args) === 'mutation') {
        const scope = new StatementScope({ group, kind: 'WRITE' })
        return setExecuteFn((given) => scope.run(() => executeFn(given)))
      }
      const late = new AbortController()
      const timer = setTimeout(() => {
        const seconds = operationLimits.queryMs / 1_000
        late.abort(new LimitError(`This query took longer than ${seconds} s; ask for less at once.`))
      }, operationLimits.queryMs)
      const signal = AbortSignal.any([gone, late.signal])
      const scope = new StatementScope({ group, kind: 'READ', signal, maxBytes: operationLimits.readBytes })
      setExecuteFn((given) => scope.run(() => executeFn(given)))
      return { onExecuteDone: () => clearTimeout(timer) }
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const { client: group, gone: signal } = args.contextValue as OperationCaller
      const scope = () => new StatementScope({ group, kind: 'READ', signal, maxBytes: operationLimits.readBytes })
      setSubscribeFn(async (given) => {
        const result = await scope().run(() => subscribeFn(given))
        if (!isAsyncIterable(result)) return result
        const events = result[Symbol.asyncIterator]()
        return {
          next: () => scope().run(() => events.next()),
          return: async (value?: unknown) => (await events.return?.(value)) ?? { done: true, value },
          [Symbol.asyncIterator]() {
            return this
          },
        }
      })
    },
  }
}

function operationOf({ document, operationName }: ExecutionArgs): string | undefined {
  return getOperationAST(document, operationName)?.operation
}
