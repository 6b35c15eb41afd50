/**
 * Limits the statements of every operation: queries in time and bytes read, events of subscriptions in bytes. Queries
 * and subscriptions are cancelled when the client disconnects; mutations always run to completion, so that none is
 * applied half-way.
 */
import type { Plugin } from '@envelop/core'
import { isAsyncIterable } from '@envelop/core'
import { type ExecutionArgs, GraphQLError, getOperationAST, Kind } from 'graphql'
import { StatementScope } from '../db/statement-scope.ts'
import { LimitError } from '../domain/errors.ts'
import type { ChangeWatch } from './change-watch.ts'
import type { LoopTime } from './limits/loop-time.ts'

export const operationLimits = {
  /** Maximum duration of a query in milliseconds, including the time it queues. */
  queryMs: 30_000,
  /** Maximum bytes of rows read by one query or event of a subscription. */
  readBytes: 64 * 1024 * 1024,
}

/** Part of the context of every operation. */
export interface OperationCaller {
  /** Identifies the caller. */
  client: string
  /** Aborted when the client no longer waits for the result. */
  gone: AbortSignal
  /** Whether it reads whole runs, as its cost says (use-document-limits.ts). */
  isExpensive?: boolean
}

/**
 * @param changes is told of mutations that change something, before their results are sent
 * @param loopTime is told for whom the event loop works on the rows of statements
 */
export function useStatementScope(changes: ChangeWatch, loopTime: LoopTime): Plugin<OperationCaller> {
  const of = ({ client }: OperationCaller) => ({ group: client, onAnswer: () => loopTime.worksFor(client) })
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const caller = args.contextValue as OperationCaller
      if (operationOf(args) === 'mutation') {
        const scope = new StatementScope({ ...of(caller), kind: 'WRITE' })
        const execute = async (input: ExecutionArgs) => scope.run(() => executeFn(input))
        return setExecuteFn(recordsNothing(args) ? execute : (input) => changes.during(() => execute(input)))
      }
      const kind = caller.isExpensive ? 'EXPENSIVE_READ' : 'READ'
      const { readBytes: maxBytes } = operationLimits
      const scope = new StatementScope({ ...of(caller), kind, signal: caller.gone, maxBytes })
      const timer = setTimeout(() => {
        const seconds = operationLimits.queryMs / 1_000
        scope.abort(new LimitError(`This query took longer than ${seconds} s; ask for less at once.`))
      }, operationLimits.queryMs)
      setExecuteFn((input) => scope.run(() => executeFn(input)))
      return {
        onExecuteDone({ result, setResult }) {
          clearTimeout(timer)
          // The last rows may have come before the statement could be cancelled.
          const { abortReason } = scope
          if (!(abortReason instanceof LimitError) || isAsyncIterable(result) || result.errors) return
          setResult({ errors: [new GraphQLError(abortReason.message, { extensions: { code: abortReason.code } })] })
        },
      }
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const { client: group, gone: signal } = args.contextValue as OperationCaller
      const scope = () => new StatementScope({ group, kind: 'READ', signal, maxBytes: operationLimits.readBytes })
      setSubscribeFn(async (input) => {
        const result = await scope().run(() => subscribeFn(input))
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

/** Whether all that a mutation asks for is declared to change nothing (schema/mutation.ts). */
function recordsNothing({ schema, document, operationName }: ExecutionArgs): boolean {
  const fields = schema.getMutationType()?.getFields()
  const selections = getOperationAST(document, operationName)?.selectionSet.selections ?? []
  return selections.every((node) => node.kind === Kind.FIELD && fields?.[node.name.value]?.extensions.recordsNothing)
}

function operationOf({ document, operationName }: ExecutionArgs): string | undefined {
  return getOperationAST(document, operationName)?.operation
}
