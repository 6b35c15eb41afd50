import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../src/domain/global-id.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let candidateIds: string[]
let baselineId: string

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  const items = Array.from({ length: 30 }, (_, item) => item)
  const datasetId = await seedDataset(t, items, { tags: (n) => (n < 12 ? ['hard'] : []) })
  const run = async (changed: number, from = 0) => {
    const recorded = items.slice(from).map((item) => ({ item, output: item < changed ? `new ${item}` : `${item}` }))
    return encodeGlobalId('Run', await recordRun(t, datasetId, recorded))
  }
  // The second has two items that the first one has not.
  baselineId = await run(0, 2)
  candidateIds = [await run(7)]
})
afterAll(() => t[Symbol.asyncDispose]())

test.each([
  ['', 30],
  ['filter: { differingOutputs: true }', 5],
  ['filter: { tags: ["hard"] }', 12],
  ['filter: { tags: ["hard"], differingOutputs: true }', 5],
  ['filter: { search: "new" }', 7],
  ['filter: { tags: ["none"] }', 0],
])('the rows of a comparison (%s) are %i, on any page', async (filter, expected) => {
  const document = `query ($baselineId: ID, $candidateIds: [ID!]!, $after: String) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      all: rows(first: 100${filter && `, ${filter}`}) { nodes { __typename } edges { cursor } countUpTo few: countUpTo(limit: 4) }
      page: rows(first: 1, after: $after${filter && `, ${filter}`}) { countUpTo totalCount }
    }
  }`
  const { data } = await t.query(document, { baselineId, candidateIds })
  const { all, page } = data.compareRuns
  expect(all.nodes).toHaveLength(expected)
  expect(all).toMatchObject({ countUpTo: expected, few: Math.min(4, expected) })
  expect(page).toEqual({ countUpTo: expected, totalCount: null })
  const later = await t.query(document, { baselineId, candidateIds, after: all.edges.at(-1)?.cursor ?? null })
  expect(later.data.compareRuns.page).toEqual({ countUpTo: expected, totalCount: null })
})
