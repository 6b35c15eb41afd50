/** The tabs that GraphiQL opens with: the way from a dataset to a finished run. */
export const examples = [
  `# Assay: datasets and the experiments on them.
# Ctrl-Enter runs it, Ctrl-Space completes; the icon
# at the top left opens the documentation.
# Next tabs: read runs, start one, watch it.

query Datasets {
  viewer {
    role
    project { name counts { runs runningRuns } }
  }
  # Or by name: dataset(name: "support tickets").
  datasets(
    first: 20
    # filter: { search: "tickets" }
    orderBy: { field: UPDATED_AT, direction: DESC }
  ) {
    countUpTo # or totalCount, where it is known
    nodes {
      id # ids go into node(id:) and every "…Id"
      name
      version # each change of items makes a new one
      itemCount
      experiments(first: 5) {
        nodes { id name task { __typename } }
      }
    }
    # more: datasets(first: 20, after: "<endCursor>")
    pageInfo { hasNextPage endCursor }
  }
}
`,
  `# Runs with their statistics. What failed or is
# missing is counted beside every mean. The cost of
# this query does not depend on the size of the runs.

query Runs {
  runs(first: 10) {
    nodes {
      id
      name
      status
      dataset { name itemCount }
      progress { total succeeded failed etaSeconds }
      stats {
        latencyMs { p50 p95 }
        costUsd # null: not known
        failures { code count }
        scores {
          name
          mean
          stderr
          count
          errorCount
          missingCount
        }
      }
      ...Slowest
    }
  }
}

# Or try filter: { status: [FAILED] },
# { search: "refund" }, { latencyMs: { min: 1000 } },
# { score: { name: "correct", max: 0.5 } }.
fragment Slowest on Run {
  items(
    first: 3
    orderBy: { field: LATENCY, direction: DESC }
  ) {
    nodes {
      input
      output
      expectedOutput
      latencyMs
      error { code message }
      scores { name value label comment }
    }
  }
}
`,
  `# Put the id of an experiment (first tab) in place of
# <experiment id>. What can go wrong is part of the
# result: errors have a message, a code and a path.

mutation StartRun {
  startRun(
    input: {
      experimentId: "<experiment id>"
      # What differs from the experiment's settings:
      overrides: { concurrency: 5 }
      # Only some of the items:
      # subset: { sample: 20 }
      # Asking twice starts one run:
      # idempotencyKey: "ci-1234"
    }
  ) {
    __typename
    ... on StartRunPayload {
      run { id name status progress { total } url }
    }
    ... on UserError { message code path }
  }
}
`,
  `# Put the id of a run in place of <run id>; the button
# starts and stops. First comes what is already there,
# then what changes, until done. After a break, pass the
# last cursor as "after": nothing is lost or repeated.

subscription RunFeed {
  runFeed(runId: "<run id>") {
    cursor
    done
    run {
      status
      progress { total succeeded failed running }
      stats { scores { name mean count } }
    }
    items {
      id
      status
      attempts
      output
      latencyMs
      error { code }
      scores { name value label }
    }
  }
}
`,
] as const
