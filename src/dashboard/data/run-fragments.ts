/**
 * What pages show of a run. One fragment for all of them, since a cache keeps the values of a run, such as its progress,
 * only as a whole of one moment if every answer selects the same.
 */
import { graphql } from '../gql/gql.ts'

export const runSummary = graphql(`
  fragment RunSummary on Run {
    id
    name
    description
    status
    stopReason
    stopMessage
    waitingReason
    createdAt
    startedAt
    finishedAt
    durationMs
    datasetVersion
    metadata
    experiment { id name }
    dataset { id name baseline { run { id } } }
    startedBy { id name }
    progress { total queued running succeeded failed cancelled openEvaluations etaSeconds }
    scoring { status total done }
    settings { concurrency repetitions budgetUsd maxFailureRate maxAttempts timeoutMs cache }
    stats {
      costUsd
      avgCostUsd
      unknownCostCount
      inputTokens
      outputTokens
      latencyMs { count avg min max p50 p90 p95 p99 }
      failures { code count }
      scores { name source dataType direction count errorCount missingCount mean min max stddev stderr labels { label count } }
    }
  }
`)

export const metricFigures = graphql(`
  fragment MetricFigures on MetricComparison {
    metric { kind name source }
    candidate { id }
    dataType
    direction
    baselineMean
    candidateMean
    delta
    interval { low high }
    sequence { low high }
    sequencePairs
    pairs
    pairsNeeded
    missing
    lacking
    leftOut
    improved
    regressed
    unchanged
    margin
    pValue
    adjustedPValue
    method
    verdict
    reason
    detectable
    clusters { count icc designEffect }
    onTheseItems { verdict interval { low high } }
  }
`)
