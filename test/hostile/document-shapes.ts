/** Loads of GraphQL documents and variables: large, many, expensive or wrong. */
import { again, ask, type Shape, times } from './client.ts'

export const documentShapes: Record<string, Shape> = {
  'searches without end': (t) =>
    again(t, 25, (n) =>
      ask(
        t,
        `query ($id: ID!) { node(id: $id) { ... on Run { items(filter: { search: "${'zq'.repeat(100)}${n}" }) { nodes { id } } } } }`,
        {
          id: t.runIds[0],
        },
      ),
    ),
  'wrong variables': (t) => {
    const ids = Array.from({ length: 300_000 }, () => ({}))
    return again(t, 2, () => ask(t, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }))
  },
  'distinct documents of 36 KB': (t) => {
    const text = 'x'.repeat(36_000)
    return again(t, 8, (n) => ask(t, `{ datasets(filter: { folder: "no ${n}" }) { nodes { id } } } # ${text}`))
  },
  'comparisons by aliases': (t) =>
    again(t, 20, () =>
      ask(
        t,
        `query ($a: ID!, $b: [ID!]!) { ${times(10, (n) => `a${n}: compareRuns(baselineId: $a, candidateIds: $b) { metrics { delta } }`)} }`,
        { a: t.runIds[0], b: [t.runIds[1]] },
      ),
    ),
  'introspection by aliases': (t) =>
    again(t, 8, () =>
      ask(t, `{ __schema { ${times(8, (n) => `a${n}: types { name fields { name args { name } } }`)} } }`),
    ),
  'answers as large as they may be': (t) =>
    again(t, 4, () =>
      ask(
        t,
        `query ($id: ID!) { node(id: $id) { ... on Run { ${times(40, (n) => `a${n}: items(first: 1) { nodes { output } }`)} } } }`,
        {
          id: t.runIds[2],
        },
      ),
    ),
  'feeds of large outputs': (t) =>
    again(t, 4, async () => {
      const response = await fetch(`${t.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${t.key}` },
        body: JSON.stringify({
          query: 'subscription ($id: ID!) { runFeed(runId: $id) { items { output } } }',
          variables: { id: t.runIds[2] },
        }),
        signal: t.signal,
      })
      for await (const _ of response.body ?? []) if (t.signal.aborted) return
    }),
  'fragments within fragments': (t) => {
    const fragments = times(30, (n) => `fragment F${n} on RunConnection { ...F${n + 1} ...F${n + 1} }`)
    const query = `{ runs { ...F0 } } ${fragments} fragment F30 on RunConnection { totalCount }`
    return again(t, 8, () => ask(t, query))
  },
  'conditions within conditions': (t) => {
    const [variables, conditions] = [
      times(245, (n) => `$a${n}: Boolean!`),
      times(245, (n) => `... @include(if: $a${n}) {`),
    ]
    const leaves = `${'id '.repeat(400)}${'__typename '.repeat(400)}`
    const query = `query (${variables}) { node(id: "x") { ${conditions} ${leaves} ${'}'.repeat(245)} } }`
    const values = Object.fromEntries(Array.from({ length: 245 }, (_, n) => [`a${n}`, true]))
    return again(t, 8, () => ask(t, query, values))
  },
  'brackets within brackets': (t) =>
    again(t, 4, () => ask(t, `{ node(id: ${'['.repeat(2_400)}${']'.repeat(2_400)}) { id } }`)),
  'searches that are abandoned': (t) =>
    again(t, 25, (n) => {
      const signal = AbortSignal.any([t.signal, AbortSignal.timeout(100)])
      const query = `query ($id: ID!) { node(id: $id) { ... on Run { items(filter: { search: "zqx${n}" }) { nodes { id } } } } }`
      return ask({ ...t, signal }, query, { id: t.runIds[n % 2] })
    }),
  'wrong members of input objects': (t) => {
    const items = Array.from({ length: 100_000 }, () => ({ inputs: 1, x: {} }))
    const query = 'mutation ($input: UpsertDatasetItemsInput!) { upsertDatasetItems(input: $input) { __typename } }'
    return again(t, 2, () => ask(t, query, { input: { datasetId: 'x', items } }))
  },
  'variables within variables': (t) => {
    const query = 'mutation ($x: JSON!) { createDataset(input: { name: "deep", metadata: $x }) { __typename } }'
    const deep = `{"query":${JSON.stringify(query)},"variables":{"x":${'['.repeat(900_000)}${']'.repeat(900_000)}}}`
    return again(t, 4, async () => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${t.key}` }
      await (await fetch(`${t.url}/graphql`, { method: 'POST', headers, body: deep, signal: t.signal })).text()
    })
  },
  'distinct documents that do not parse': (t) => again(t, 8, (n) => ask(t, `{ a(b: "${'x'.repeat(36_000)}") ${n} `)),
  'counts by aliases': (t) =>
    again(t, 20, () =>
      ask(
        t,
        `query ($id: ID!) { node(id: $id) { ... on Run { ${times(40, (n) => `a${n}: items(filter: { status: SUCCEEDED }) { countUpTo }`)} } } }`,
        { id: t.runIds[0] },
      ),
    ),
  'comparison rows by cost and latency': (t) =>
    again(t, 20, (n) =>
      ask(
        t,
        `query ($a: ID!, $b: [ID!]!) { compareRuns(baselineId: $a, candidateIds: $b) {
          rows(first: 100, orderBy: { field: REGRESSION, metric: { ${n % 2 === 0 ? 'latency' : 'cost'}: true } }) { nodes { datasetItem { id } cells { __typename } } } } }`,
        { a: t.runIds[0], b: [t.runIds[1]] },
      ),
    ),
  'forged cursors and ids': (t) =>
    again(t, 8, (n) =>
      ask(
        t,
        `query ($id: ID!, $after: String) { node(id: $id) { ... on Run { items(after: $after) { nodes { id } } } } }`,
        { id: n % 2 === 0 ? t.runIds[0] : `\ud800${n}`, after: `${n}${'\udfff'.repeat(n % 50)}` },
      ),
    ),
}
