/** Three operations for GraphiQL with the ids of this demo. */
export function queriesToPaste(ids: { url: string; experimentId: string; runIds: [string, string] }): string {
  const { experimentId, runIds } = ids
  return `Three operations to paste into GraphiQL:

# 1. Is the second run better than the first, and where is it worse?
query Compare {
  compareRuns(
    baselineId: "${runIds[0]}"
    candidateIds: ["${runIds[1]}"]
  ) {
    metrics {
      metric { kind name } baselineMean candidateMean delta interval { low high }
      adjustedPValue improved regressed verdict
    }
    rows(
      first: 5
      filter: {
        change: { metric: { score: { name: "accuracy" } }, is: REGRESSED }
      }
    ) {
      nodes {
        cells {
          revision { input expectedOutput }
          items { output }
          scores { name value }
        }
      }
    }
  }
}

# 2. Another run, on a random sample of 50 tickets
mutation Again {
  startRun(
    input: {
      experimentId:
        "${experimentId}"
      subset: { sample: 50 }
    }
  ) {
    ... on StartRunPayload { run { id name status progress { total } } }
    ... on UserError { message path }
  }
}

# 3. A run as watched above: its current state, then live updates
subscription Watch {
  runFeed(
    runId: "${runIds[1]}"
  ) {
    cursor
    done
    run {
      status
      progress { total succeeded failed }
      stats { scores { name mean count } }
    }
    items { status output latencyMs scores { name value } }
  }
}`
}
