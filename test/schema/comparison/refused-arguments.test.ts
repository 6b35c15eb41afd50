/** What is refused is an error at its field that names the argument; everything else in the answer is there. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let variables: Record<string, string>

beforeAll(async () => {
  t = await startTestServer()
  const [datasetId, elsewhere] = [await seedDataset(t, [1, 2]), await seedDataset(t, [1])]
  const record = async (dataset: string) =>
    encodeGlobalId('Run', await recordRun(t, dataset, [{ item: 0, scores: { correct: true } }]))
  variables = {
    a: await record(datasetId),
    b: await record(datasetId),
    other: await record(elsewhere),
    unknown: encodeGlobalId('Run', randomUUID()),
    dataset: encodeGlobalId('Dataset', datasetId),
  }
})
afterAll(() => t[Symbol.asyncDispose]())

async function ask(selection: string) {
  const declared = Object.keys(variables).filter((name) => selection.includes(`$${name}`))
  const query = `query (${declared.map((name) => `$${name}: ID!`).join(', ')}) { ${selection} viewer { role } }`
  return t.query(query, Object.fromEntries(declared.map((name) => [name, variables[name]])))
}

test.each([
  ['candidateIds: []', 'INVALID_INPUT', ['candidateIds']],
  ['candidateIds: [$b, $b]', 'INVALID_INPUT', ['candidateIds']],
  ['candidateIds: [$b, $other]', 'INVALID_INPUT', ['candidateIds', '1']],
  ['candidateIds: [$b, $dataset]', 'INVALID_INPUT', ['candidateIds', '1']],
  ['candidateIds: [$b, $unknown]', 'NOT_FOUND', ['candidateIds', '1']],
  ['candidateIds: [$b], margin: -1', 'INVALID_INPUT', ['margin']],
  [
    'candidateIds: [$b], primaryMetrics: { metrics: [{ failed: true }, { failed: true }] }',
    'INVALID_INPUT',
    ['primaryMetrics', 'metrics'],
  ],
  [
    'candidateIds: [$b], margins: [{ metric: { latency: true }, margin: 1 }, { metric: { latency: true }, margin: 2 }]',
    'INVALID_INPUT',
    ['margins', '1', 'metric'],
  ],
])('compareRuns(baselineId: $a, %s)', async (given, code, path) => {
  const { data, errors } = await ask(`compareRuns(baselineId: $a, ${given}) { baseline { id } }`)
  expect(data).toEqual({ compareRuns: null, viewer: { role: 'ADMIN' } })
  expect(errors).toMatchObject([{ path: ['compareRuns'], extensions: { code, path } }])
})

test('a baseline of nobody', async () => {
  const { data, errors } = await ask('compareRuns(baselineId: $unknown, candidateIds: [$b]) { baseline { id } }')
  expect(data).toEqual({ compareRuns: null, viewer: { role: 'ADMIN' } })
  expect(errors).toMatchObject([{ path: ['compareRuns'], extensions: { code: 'NOT_FOUND', path: ['baselineId'] } }])
})

const order = (metric: string) => `orderBy: { field: CHANGE, metric: ${metric} }`
const change = (more: string) => `filter: { change: { metric: { score: { name: "correct" } }, is: CHANGED, ${more} } }`

test.each([
  ['first: 0', ['first']],
  ['first: 1, last: 1', ['first']],
  ['after: "x"', ['after']],
  ['orderBy: { field: CHANGE }', ['orderBy', 'metric']],
  [order('{ score: { name: "x" } }'), ['orderBy', 'metric']],
  [order('{ score: { name: "correct", source: HUMAN } }'), ['orderBy', 'metric']],
  [order('{ cost: false }'), ['orderBy', 'metric', 'cost']],
  [change('candidateId: $a'), ['filter', 'change', 'candidateId']],
  [change('candidateId: $dataset'), ['filter', 'change', 'candidateId']],
])('compareRuns.rows(%s)', async (given, path) => {
  const { data, errors } = await ask(
    `compareRuns(baselineId: $a, candidateIds: [$b]) { baseline { id } rows(${given}) { nodes { __typename } } }`,
  )
  expect(data).toEqual({ compareRuns: { baseline: { id: variables.a }, rows: null }, viewer: { role: 'ADMIN' } })
  expect(errors).toMatchObject([{ path: ['compareRuns', 'rows'], extensions: { code: 'INVALID_INPUT', path } }])
})

const notWorse = 'gate: { notWorse: [{ metric: { latency: true }, margin: 1 }] }'

test.each([
  [`${notWorse}, baselineId: $unknown`, 'NOT_FOUND', ['baselineId']],
  [`${notWorse}, baselineId: $other`, 'INVALID_INPUT', ['baselineId']],
  [`${notWorse}, baselineId: $dataset`, 'INVALID_INPUT', ['baselineId']],
  ['gate: { maxFailureRate: 2 }', 'INVALID_INPUT', ['gate', 'maxFailureRate']],
  [
    'gate: { notWorse: [{ metric: { latency: true }, margin: 1 }, { metric: { latency: true }, margin: 2 }] }',
    'INVALID_INPUT',
    ['gate', 'notWorse'],
  ],
])('Run.gate(%s)', async (given, code, path) => {
  const { data, errors } = await ask(`node(id: $a) { ... on Run { name gate(${given}) { status } } }`)
  expect(data).toEqual({ node: { name: 'recorded', gate: null }, viewer: { role: 'ADMIN' } })
  expect(errors).toMatchObject([{ path: ['node', 'gate'], extensions: { code, path } }])
})

test.each([
  ['run(id: $a) { id } runs(orderBy: { field: NAME, metric: { cost: true } }) { countUpTo }', ['orderBy', 'metric']],
  ['run(id: $a) { items(orderBy: { field: COST, score: "x" }) { countUpTo } }', ['orderBy', 'score']],
  [
    'run(id: $a) { items(filter: { score: { name: "x", missing: true, min: 1 } }) { countUpTo } }',
    ['filter', 'score', 'missing'],
  ],
  [
    'compareRuns(baselineId: $a, candidateIds: [$b]) { rows(orderBy: { candidateId: $b }) { countUpTo } }',
    ['orderBy', 'candidateId'],
  ],
])('what would be ignored is refused: %s', async (selection, path) => {
  expect((await ask(selection)).errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', path } }])
})
