/** Three operations for GraphiQL with the ids of this demo in place. */
export function queriesToPaste(ids: { url: string; experimentId: string; runIds: [string, string] }): string {
  const { experimentId, runIds } = ids
  return `Three operations to paste into GraphiQL:

# 1. Both runs beside each other, and what the slowest tickets of each were
{
  nodes(ids: ["${runIds[0]}", "${runIds[1]}"]) {
    ... on Run {
      name
      stats { latencyMs { p50 p95 } scores { name mean stderr count missingCount } }
      items(first: 3, orderBy: { field: LATENCY, direction: DESC }) {
        nodes { input output expectedOutput latencyMs scores { name value } }
      }
    }
  }
}

# 2. Another run, of a random fifty of the tickets
mutation {
  startRun(input: { experimentId: "${experimentId}", subset: { sample: 50 } }) {
    ... on StartRunPayload { run { id name status progress { total } } }
    ... on UserError { message path }
  }
}

# 3. A run as it was watched above: from the first result to the last, and live while there are more
subscription {
  runFeed(runId: "${runIds[1]}") {
    cursor
    done
    run { status progress { total succeeded failed } stats { scores { name mean count } } }
    items { status output latencyMs scores { name value } }
  }
}`
}
