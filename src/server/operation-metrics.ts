import type { Plugin } from '@envelop/core'
import { type ExecutionArgs, getOperationAST } from 'graphql'
import type { Metrics } from '../telemetry/metrics.ts'

/** Clients choose operation names: beyond this many distinct names, operations are counted as `other`. */
const maxNames = 100
const maxNameLength = 64

type Operation = Pick<ExecutionArgs, 'document' | 'operationName'>

/** Counts and times GraphQL operations by name, over both transports. */
export class OperationMetrics {
  readonly #metrics: Metrics
  readonly #names = new Set<string>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** For queries and mutations. */
  get plugin(): Plugin {
    const { operations, operationSeconds } = this.#metrics
    return {
      onExecute: ({ args }) => {
        const labels = this.#labelsOf(args)
        const startedAt = performance.now()
        return {
          onExecuteDone({ result }) {
            operationSeconds.observe(labels, (performance.now() - startedAt) / 1_000)
            operations.inc({ ...labels, outcome: outcomeOf(result) })
          },
        }
      },
    }
  }

  /** Counts a subscription. @param result that it began with */
  subscribed(operation: Operation, result: unknown): void {
    this.#metrics.operations.inc({ ...this.#labelsOf(operation), outcome: outcomeOf(result) })
  }

  #labelsOf({ document, operationName }: Operation) {
    const ast = getOperationAST(document, operationName)
    const name = ast?.name?.value ?? 'anonymous'
    if (this.#names.size < maxNames && name.length <= maxNameLength) this.#names.add(name)
    return { operation: this.#names.has(name) ? name : 'other', type: ast?.operation ?? 'query' }
  }
}

const outcomeOf = (result: unknown) =>
  typeof result === 'object' && result !== null && 'errors' in result && result.errors ? 'error' : 'ok'
