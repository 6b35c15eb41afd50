import type { Plugin } from '@envelop/core'
import { type ExecutionArgs, getOperationAST } from 'graphql'
import type { Metrics } from '../telemetry/metrics.ts'

/** Operations are named by clients: those that come after so many names are counted together. */
const mostNames = 100
const longestName = 64

/** Counts and times GraphQL operations by name, over HTTP and WebSocket alike. */
export function useOperationMetrics({ operations, operationSeconds }: Metrics): Plugin {
  const names = new Set<string>()

  const labelsOf = ({ document, operationName }: ExecutionArgs) => {
    const ast = getOperationAST(document, operationName)
    const given = ast?.name?.value ?? 'anonymous'
    if (names.size < mostNames && given.length <= longestName) names.add(given)
    return { operation: names.has(given) ? given : 'other', type: ast?.operation ?? 'query' }
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
