/** The metrics of a comparison, live: what `comparisonFeed` computes while the runs execute, and the final ones. */
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { graphql } from '../gql/gql.ts'
import type { MetricFiguresFragment } from '../gql/graphql.ts'

const metricsFeed = graphql(`
  subscription ComparisonMetrics($baselineId: ID!, $candidateIds: [ID!]!, $margin: Float, $unlike: Boolean, $after: String) {
    comparisonFeed(
      baselineId: $baselineId
      candidateIds: $candidateIds
      margin: $margin
      includeUnlike: $unlike
      after: $after
      until: NEVER
    ) {
      cursor
      runs { ...RunSummary }
      metrics { ...MetricFigures }
    }
  }
`)

interface Metrics {
  /** Null until they are known, and without a baseline. */
  metrics: readonly MetricFiguresFragment[] | null
  problem: string | null
}

type Asked = [string | null, string[], number | null, boolean | null]

const none: Metrics = { metrics: null, problem: null }

/**
 * @param baselineId null: nothing is compared
 * @param margin how much worse a score may be and still count as not worse; default 0
 * @param unlike whether items with other content, and scores of other versions of an evaluator, are compared too
 */
export function useComparisonMetrics(
  baselineId: string | null,
  candidateIds: readonly string[],
  { margin, unlike }: { margin?: number | undefined; unlike?: boolean | undefined } = {},
): Metrics {
  const client = useClient()
  const [state, setState] = useState<Metrics & { of: string }>({ ...none, of: '' })
  const key = JSON.stringify([baselineId, candidateIds, margin ?? null, unlike ?? null])
  useEffect(() => {
    const [baselineId, candidateIds, margin, unlike] = JSON.parse(key) as Asked
    if (baselineId === null || candidateIds.length === 0) return
    const { unsubscribe } = client
      .subscription(metricsFeed, { baselineId, candidateIds, margin, unlike })
      .subscribe(({ data, error }) => {
        if (error) setState({ of: key, metrics: null, problem: error.graphQLErrors[0]?.message ?? error.message })
        const metrics = data?.comparisonFeed.metrics
        if (metrics) setState({ of: key, metrics, problem: null })
      })
    return unsubscribe
  }, [client, key])
  return state.of === key ? state : none
}
