import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let rawDatasetId: string
let datasetId: string
let experimentIds: string[]

beforeAll(async () => {
  t = await startTestServer()
  rawDatasetId = await seedDataset(t, [1, 'two', { a: [1] }])
  datasetId = encodeGlobalId('Dataset', rawDatasetId)
  const { projectId } = t.scope
  const otherDatasetId = await seedDataset(t, [])
  const { id: evaluatorId } = await t.db.prisma.evaluator.create({
    data: {
      projectId,
      name: 'same',
      datasets: { create: [{ datasetId: rawDatasetId }, { datasetId: otherDatasetId }] },
      versions: {
        create: { version: 1, definition: { kind: 'module', module: 'm' }, dataType: 'NUMERIC', direction: 'NONE' },
      },
    },
  })
  const task = { kind: 'module', name: 'any' } as const
  const seeded = [await seedExperiment(t, rawDatasetId, task), await seedExperiment(t, otherDatasetId, task)]
  for (const id of seeded) {
    const evaluators = { create: { evaluatorId } }
    await t.db.prisma.experiment.update({ where: { id }, data: { evaluatorsNamed: true, evaluators } })
  }
  experimentIds = seeded.map((id) => encodeGlobalId('Experiment', id))
})
afterAll(() => t[Symbol.asyncDispose]())

async function send(body: object) {
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

interface Case {
  query: string
  variables?: (datasetId: string, experimentIds: string[]) => object
  /** Whether it is answered with errors; default: not. */
  refused?: boolean
}

// A document is interpreted the first time and compiled from the second on, if it has neither directives nor introspection.
const documents: Record<string, Case> = {
  'nested connections, aliases and fragments': {
    query: `query($id: ID!) {
      node(id: $id) { __typename ...Names ... on Dataset { all: items { nodes { input expectedOutput } pageInfo { endCursor } } } }
      none: node(id: "RGF0YXNldDp4") { id }
    }
    fragment Names on Dataset { name version createdAt }`,
    variables: (id) => ({ id }),
  },
  'links and bounded lists below nodes and lists, under aliases and in fragments': {
    query: `query($id: ID!, $ids: [ID!]!) {
      one: node(id: $id) { ...Links }
      all: nodes(ids: $ids) { ...Links ... on Experiment { evaluators { datasets { id } again: datasets { name } } } }
      experiments { nodes { ...Links same: dataset { id } } }
      viewer { project { name } project { id } }
    }
    fragment Links on Experiment {
      name it: dataset { name } dataset { id version } evaluators { name definition { __typename } } by: evaluators { id sampling }
    }`,
    variables: (_datasetId, ids) => ({ id: ids[0], ids: [...ids, ids[0], 'RXhwZXJpbWVudDp4'] }),
  },
  'skip, include and defaults': {
    query: `query($yes: Boolean = true, $first: Int = 2) {
      datasets(first: $first) { nodes { id @skip(if: $yes) name @include(if: $yes) items(first: 1) @include(if: $yes) { nodes { id } } } }
    }`,
  },
  'a condition on one spread of a fragment that is spread elsewhere, too': {
    query: `query($id: ID!, $no: Boolean!) {
      a: node(id: $id) { id ...F @include(if: $no) }
      b: node(id: $id) { ...F }
      c: node(id: $id) { ... @skip(if: true) { ...F } ... on Dataset { name } }
    }
    fragment F on Dataset { name items(first: 1) { nodes { id } } }`,
    variables: (id) => ({ id, no: false }),
  },
  'an error of the caller in a nullable and in a non-null field': {
    refused: true,
    query: `query($id: ID!) { node(id: $id) { ... on Dataset { id items(version: 99) { nodes { id } } } } datasets(first: 500) { nodes { id } } }`,
    variables: (id) => ({ id }),
  },
  'a variable of the wrong type': {
    refused: true,
    query: 'query($first: Int) { datasets(first: $first) { nodes { id } } }',
    variables: () => ({ first: 'many' }),
  },
  'a missing variable': { refused: true, query: 'query($id: ID!) { node(id: $id) { id } }' },
  'an enum and an input object in variables': {
    query:
      'query($orderBy: RunOrder, $filter: RunFilter) { runs(orderBy: $orderBy, filter: $filter) { nodes { id } } }',
    variables: () => ({ orderBy: { field: 'NAME' }, filter: { status: ['RUNNING', 'QUEUED'] } }),
  },
  '@oneOf inputs as literals, as variables, and around variables': {
    query: `query($metric: MetricInput!, $name: String!) {
      a: runs(orderBy: { field: METRIC, metric: { score: { name: "x" } } }) { nodes { id } }
      b: runs(orderBy: { field: METRIC, metric: $metric }) { nodes { id } }
      c: runs(orderBy: { field: METRIC, metric: { score: { name: $name } } }) { nodes { id } }
    }`,
    variables: () => ({ metric: { cost: true }, name: 'x' }),
  },
  introspection: { query: '{ __type(name: "Run") { name fields { name type { name kind ofType { name } } } } }' },
}

for (const [what, { query, variables, refused = false }] of Object.entries(documents)) {
  test(`compiled and interpreted execution answer the same: ${what}`, async () => {
    const body = { query, variables: variables?.(datasetId, experimentIds) }
    const interpreted = await send(body)
    const compiled = [await send(body), await send(body)]
    expect(interpreted.body.errors !== undefined).toBe(refused)
    // Errors of compiled execution say where they are by path alone.
    const shape = ({ status, body: { data, errors } }: Awaited<ReturnType<typeof send>>) => ({
      status,
      data,
      errors: errors?.map(({ locations: _, ...error }: { locations?: unknown }) => error),
    })
    expect(compiled.map(shape)).toEqual([shape(interpreted), shape(interpreted)])
  })
}

test('a document is compiled from the second time on', async () => {
  const body = { query: '{ again: datasets(first: 500) { nodes { id } } }' }
  // Only interpreted execution says where an error is by line and column.
  expect((await send(body)).body.errors[0]).toHaveProperty('locations')
  expect((await send(body)).body.errors[0]).not.toHaveProperty('locations')
})

test('the operations of one document are told apart by name, however often they are sent', async () => {
  const query = 'query A { viewer { role } } query B { datasets { nodes { name } } }'
  for (let n = 0; n < 3; n++) {
    expect((await send({ query, operationName: 'A' })).body.data).toHaveProperty('viewer')
    expect((await send({ query, operationName: 'B' })).body.data).toHaveProperty('datasets')
  }
})

test('a condition in one operation does not count in the others of its document', async () => {
  const query = `query A($no: Boolean!) { datasets { ...F @include(if: $no) } } query B { datasets { ...F } }
    fragment F on DatasetConnection { nodes { id } }`
  for (let n = 0; n < 3; n++) {
    expect((await send({ query, operationName: 'A', variables: { no: false } })).body.data.datasets).toEqual({})
    expect((await send({ query, operationName: 'B' })).body.data.datasets).toHaveProperty('nodes')
  }
})

test('what would take long to compile is interpreted', async () => {
  const many = (count: number, part: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => part(n)).join(' ')
  const bad = 'bad: datasets(first: 500) { nodes { id } }'
  const documents = {
    conditions: `query (${many(240, (n) => `$a${n}: Boolean = true`)}) { ${bad} node(id: "x") {
      ${many(240, (n) => `... @include(if: $a${n}) {`)} ${'id '.repeat(300)} ${'__typename '.repeat(300)} ${'}'.repeat(240)} } }`,
    introspection: `{ ${bad} __type(name: "Run") { ${'ofType { '.repeat(700)} ${'kind name '.repeat(250)} ${'}'.repeat(700)} } }`,
    variables: `query (${many(21, (n) => `$c${n}: RunFilter`)}) { ${bad} ${many(21, (n) => `a${n}: runs(filter: $c${n}) { totalCount }`)} }`,
    fragments: `{ ${bad} ${many(40, (n) => `a${n}: viewer { ...F }`)} } fragment F on Viewer { ${'role '.repeat(100)} }`,
  }
  for (const [what, query] of Object.entries(documents)) {
    for (let n = 0; n < 3; n++) expect((await send({ query })).body.errors[0], what).toHaveProperty('locations')
  }
})

test('@oneOf inputs in variables are checked every time', async () => {
  const query = `mutation($target: ScoreTargetInput!) { setScore(input: { target: $target, name: "x", value: 1 }) { __typename } }`
  for (let n = 0; n < 3; n++) {
    const { body } = await send({ query, variables: { target: { runId: 'a', runItemId: 'b' } } })
    expect(body.data).toBeUndefined()
    expect(body.errors[0].message).toMatch(/[Ee]xactly one key must be specified/)
  }
})

test('a compiled subscription is given its arguments, whatever the variables are called', async () => {
  const experimentId = await seedExperiment(t, rawDatasetId, { kind: 'module', name: 'none' })
  const run = await t.db.prisma.run.create({
    data: {
      projectId: t.scope.projectId,
      experimentId,
      datasetId: rawDatasetId,
      datasetVersion: 1,
      name: 'run',
      status: 'COMPLETED',
      seed: 'seed',
      task: {},
      settings: {},
      total: 0,
      queued: 0,
    },
  })
  const id = Buffer.from(`Run:${run.id}`).toString('base64url')
  const documents = [
    { query: `subscription { feed: runFeed(runId: "${id}") { done run { name } } }` },
    { query: 'subscription($x: ID!) { feed: runFeed(runId: $x) { done run { name } } }', variables: { x: id } },
    // This one is interpreted.
    {
      query:
        'subscription($x: ID!, $y: Boolean = true) { feed: runFeed(runId: $x) { done run @include(if: $y) { name } } }',
      variables: { x: id },
    },
  ]
  for (const document of documents) {
    for (let n = 0; n < 3; n++) {
      const response = await fetch(`${t.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(document),
      })
      expect(await response.text()).toContain('data: {"data":{"feed":{"done":true,"run":{"name":"run"}}}}')
    }
  }
})
