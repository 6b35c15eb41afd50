import type { Plugin } from '@envelop/core'
import { type ExecutionArgs, getOperationAST } from 'graphql'
import type { Metrics } from '../telemetry/metrics.ts'

/** Clients choose operation names: beyond this many distinct names, operations are counted as `other`. */
const maxNames = 100
const maxNameLength = 64

/** Counts and times GraphQL operations by name, over both transports. */
export function useOperationMetrics({ operations, operationSeconds }: Metrics): Plugin {
  const names = new Set<string>()

  const labelsOf = ({ document, operationName }: ExecutionArgs) => {
    const ast = getOperationAST(document, operationName)
    const name = ast?.name?.value ?? 'anonymous'
    if (names.size < maxNames && name.length <= maxNameLength) names.add(name)
    return { operation: names.has(name) ? name : 'other', type: ast?.operation ?? 'query' }
  }
  const outcomeOf = (result: unknown) =>
    typeof result === 'object' && result !== null && 'errors' in result && result.errors ? 'error' : 'ok'

  return {
    onExecute({ args }) {
      const labels = labelsOf(args)
      const startedAt = performance.now()
      return {
        onExecuteDone({ result }) {
          operationSeconds.observe(labels, (performance.now() - startedAt) / 1_000)
          operations.inc({ ...labels, outcome: outcomeOf(result) })
        },
      }
    },
    onSubscribe({ args }) {
      const labels = labelsOf(args)
      return {
        onSubscribeResult({ result }) {
          operations.inc({ ...labels, outcome: outcomeOf(result) })
        },
      }
    },
  }
}
