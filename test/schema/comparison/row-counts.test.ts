import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { recordStatements } from '../../helpers/statements.ts'

let t: TestServer
let datasetId: string
let baseline: string
let candidates: string[]

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
const gid = (id: string) => encodeGlobalId('Run', id)

beforeAll(async () => {
  t = await startTestServer()
  datasetId = await seedDataset(t, numbers(50))
  const version = { datasetId, version: 1, added: 50, changed: 0, archived: 0, itemCount: 50 }
  await t.db.prisma.datasetVersion.create({ data: version })
  const run = (correct: (item: number) => boolean): RecordedExecution[] =>
    numbers(50).map((item) => ({ item, output: item, latencyMs: item, scores: { correct: correct(item) } }))
  const record = async (correct: (item: number) => boolean) => gid(await recordRun(t, datasetId, run(correct)))
  baseline = await record((item) => item < 20)
  candidates = [await record((item) => item >= 12), await record((item) => item < 25)]
})
afterAll(() => t[Symbol.asyncDispose]())

test('one query counts the rows behind every filter, without reading any', async () => {
  const query = `query ($baseline: ID!, $candidates: [ID!]!, $first: ID!) {
    compareRuns(baselineId: $baseline, candidateIds: $candidates) {
      metrics { metric { kind } candidate { id } improved regressed unchanged }
      all: rows { totalCount countUpTo }
      improved: rows(filter: { change: { metric: { score: { name: "correct" } }, is: IMPROVED } }) { ...Count }
      regressed: rows(filter: { change: { metric: { score: { name: "correct" } }, is: REGRESSED } }) { ...Count }
      regressedFirst: rows(filter: { change: { metric: { score: { name: "correct" } }, is: REGRESSED, candidateId: $first } }) { ...Count }
      slower: rows(filter: { change: { metric: { latency: true }, is: REGRESSED } }) { ...Count }
      some: rows(filter: { change: { metric: { score: { name: "correct" } }, is: IMPROVED } }) { countUpTo(limit: 7) }
      shown: rows(first: 2) @include(if: false) { nodes { __typename } }
    }
  }
  fragment Count on ComparisonRowConnection { totalCount countUpTo }`
  // Also compiled, which it is from the second time on.
  for (let n = 0; n < 3; n++) {
    const variables = { baseline, candidates, first: candidates[0] }
    const [{ data, errors }, statements] = await recordStatements(() => t.query(query, variables))
    expect(errors).toBeUndefined()
    const { metrics, ...counts } = data.compareRuns
    expect(counts).toEqual({
      all: { totalCount: 50, countUpTo: 50 },
      improved: { totalCount: null, countUpTo: 30 },
      regressed: { totalCount: null, countUpTo: 12 },
      regressedFirst: { totalCount: null, countUpTo: 12 },
      slower: { totalCount: null, countUpTo: 0 },
      some: { countUpTo: 7 },
    })
    expect(metrics.slice(0, 2)).toEqual([
      { metric: { kind: 'SCORE' }, candidate: { id: candidates[0] }, improved: 30, regressed: 12, unchanged: 8 },
      { metric: { kind: 'SCORE' }, candidate: { id: candidates[1] }, improved: 5, regressed: 0, unchanged: 45 },
    ])
    expect(statements.filter((statement) => /i\.output/.test(statement))).toEqual([])
  }
})

test('the number of all rows is known where the runs are on one version and one of them has all of it', async () => {
  const some = gid(await recordRun(t, datasetId, [{ item: 0 }, { item: 1 }]))
  const newer = gid(await recordRun(t, datasetId, [{ item: 0 }], { datasetVersion: 2 }))
  const twice = numbers(50).flatMap((item) => [0, 1].map((repetition) => ({ item, repetition })))
  const repeated = gid(await recordRun(t, datasetId, twice, { repetitions: 2 }))
  const total = async (...candidateIds: string[]) => {
    const query = `query ($ids: [ID!]!) { compareRuns(candidateIds: $ids) { rows { totalCount countUpTo } } }`
    const { data } = await t.query(query, { ids: candidateIds })
    return data.compareRuns.rows
  }
  expect(await total(some, repeated)).toEqual({ totalCount: 50, countUpTo: 50 })
  expect(await total(some)).toEqual({ totalCount: null, countUpTo: 2 })
  expect(await total(baseline, newer)).toEqual({ totalCount: null, countUpTo: 50 })
})

test('rows of given dataset items are only these, and other ids are refused', async () => {
  const query = `query ($baseline: ID!, $candidates: [ID!]!, $itemIds: [ID!]!) {
    compareRuns(baselineId: $baseline, candidateIds: $candidates) {
      rows(first: 100, filter: { itemIds: $itemIds, change: { metric: { score: { name: "correct" } }, is: IMPROVED } }) {
        nodes { datasetItem { id } }
      }
    }
  }`
  const items = await t.db.pool.query<{ id: string; input: number }>(
    'SELECT item_id::text AS id, input FROM dataset_item_revision WHERE input::int IN (3, 30, 40)',
  )
  const idOf = (input: number) => encodeGlobalId('DatasetItem', items.rows.find((row) => row.input === input)?.id ?? '')
  const itemIds = [3, 30, 40].map(idOf)
  const { data } = await t.query(query, { baseline, candidates, itemIds })
  const found = data.compareRuns.rows.nodes.map(({ datasetItem }: { datasetItem: { id: string } }) => datasetItem.id)
  expect(found.toSorted()).toEqual([30, 40].map(idOf).toSorted())
  const { errors } = await t.query(query, { baseline, candidates, itemIds: [baseline] })
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', path: ['filter', 'itemIds', '0'] } }])
})
