/** The tabs that GraphiQL opens with: the way from a dataset to a finished run. */
export const examples = [
  `# Assay: datasets, the experiments on them, and their runs.
# Run a query with the button or Ctrl-Enter; Ctrl-Space completes; the book icon on the left has every type.
# The other tabs go on from here: read runs, start one, watch it.

query Datasets {
  viewer { role project { name } }
  datasets(first: 20) {
    nodes {
      id # global ids go into any \`…Id\` argument, and into node(id:)
      name
      version # every change of items makes a new version
      itemCount
      experiments(first: 5) {
        nodes { id name task { __typename ... on HttpTask { url } ... on ModuleTask { name } } }
      }
    }
    pageInfo { hasNextPage endCursor } # more: datasets(first: 20, after: "<endCursor>")
  }
}
`,
  `# Runs with their statistics. Failures, evaluator errors and missing scores are counted beside every mean.
# The cost of this query does not depend on the size of the runs.

query Runs {
  runs(first: 10) {
    nodes {
      id
      name
      status
      dataset { name }
      datasetVersion
      progress { total succeeded failed running queued etaSeconds }
      stats {
        latencyMs { p50 p95 }
        costUsd # null: not known
        unknownCostCount
        scores { name mean stderr count errorCount missingCount labels { label count } }
      }
      # its slowest items: try status: [FAILED], search: "refund", or another order
      items(first: 3, orderBy: { field: LATENCY, direction: DESC }) {
        nodes { input output expectedOutput latencyMs error { code message } scores { name value label comment } }
      }
      url
    }
  }
}
`,
  `# Put the id of an experiment (from the first tab) in place of <experiment id>.
# What can go wrong is part of the result: every error has message, code and path.

mutation StartRun {
  startRun(
    input: {
      experimentId: "<experiment id>"
      overrides: { concurrency: 5 } # what differs from the experiment's settings
      # subset: { sample: 20 }      # only some of the items
      # idempotencyKey: "ci-1234"   # asking twice starts one run
    }
  ) {
    __typename
    ... on StartRunPayload { run { id name status progress { total } cursor url } }
    ... on UserError { message code path }
  }
}
`,
  `# Watch a run: put its id (from the last tab) in place of <run id> and press the button; press again to stop.
# First comes what is already there, then what changes, until \`done\`.
# After a break, pass the last cursor as \`after\`: nothing is lost, nothing comes twice.

subscription RunFeed {
  runFeed(runId: "<run id>") {
    cursor
    done
    run { status progress { total succeeded failed running } stats { scores { name mean count } } }
    items { id status attempts output latencyMs error { code } scores { name value label } }
  }
}
`,
] as const
