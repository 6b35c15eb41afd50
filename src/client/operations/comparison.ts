/** Comparisons and gates. */
import { graphql } from '../gql/gql.ts'

export const CompareRuns = graphql(/* GraphQL */ `
  query CompareClientRuns($baselineId: ID, $candidateIds: [ID!]!, $margin: Float) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds, margin: $margin) {
      baseline { id name url }
      candidates { id name url }
      metrics {
        metric { kind name }
        candidate { id }
        direction
        verdict
        baselineMean
        candidateMean
        delta
        interval { low high }
        adjustedPValue
        pairs
        improved
        regressed
        unchanged
        missing
        pairsNeeded
      }
    }
  }
`)

export const WorstRegressions = graphql(/* GraphQL */ `
  query WorstRegressions(
    $baselineId: ID
    $candidateIds: [ID!]!
    $filter: ComparisonFilter!
    $orderBy: ComparisonOrder!
    $first: Int!
  ) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      rows(first: $first, filter: $filter, orderBy: $orderBy) {
        nodes {
          datasetItem { id key }
          cells {
            revision { input expectedOutput }
            latencyMs
            costUsd
            scores { name value label delta change }
            items { status output error { message } }
          }
        }
      }
    }
  }
`)

export const GateOfRun = graphql(/* GraphQL */ `
  query GateOfRun($id: ID!, $gate: GateInput, $baselineId: ID) {
    run(id: $id) {
      gate(gate: $gate, baselineId: $baselineId) {
        status
        checks { rule passed limit actual reason metric { kind name } }
      }
    }
  }
`)

export const PlanRun = graphql(/* GraphQL */ `
  query PlanClientRun($runId: ID!, $baselineId: ID, $metric: MetricInput!, $goal: PlanGoalInput!, $power: Float) {
    planRun(runId: $runId, baselineId: $baselineId, metric: $metric, goal: $goal, power: $power) {
      power
      pairs
      datasetItems
      reached
      split { items repetitions }
      options { repetitions items executions costUsd isAvailable }
      recommended { repetitions items executions costUsd expectedStop }
    }
  }
`)
