/**
 * The planner goes by what the tables held when they were analysed last. Here that were runs of one item: it then takes a
 * run for a row, so that reading all of it looks as cheap as looking a row up.
 */
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Prisma } from '../../src/db/generated/prisma/client.ts'
import { loadPages } from '../../src/db/keyset.ts'
import { pageBytes } from '../../src/db/query-within-bytes.ts'
import { findItemChanges } from '../../src/db/sql/comparison/find-changes.ts'
import { loadCells, loadCellValues } from '../../src/db/sql/comparison/load-cells.ts'
import { countComparisonItems, loadComparisonPage } from '../../src/db/sql/comparison/load-page.ts'
import type { MetricOfRuns, RowFilter } from '../../src/db/sql/comparison/row-filter.ts'
import { listDatasetItemsAt } from '../../src/db/sql/dataset/list-items.ts'
import { deleteEvaluationScores, touchEvaluatedItems } from '../../src/db/sql/evaluation/replace-scores.ts'
import { loadClaims, reclaimItems } from '../../src/db/sql/run-item/client-claims.ts'
import { listRunItems } from '../../src/db/sql/run-item/list-run-items.ts'
import { type LeftOut, type ListedRunItem, nothingLeftOut } from '../../src/db/sql/run-item/listed-columns.ts'
import { readLiveTexts } from '../../src/db/sql/run-item/live-texts.ts'
import { loadChangedItems } from '../../src/db/sql/run-item/load-changed-items.ts'
import { loadRunItems } from '../../src/db/sql/run-item/load-run-items.ts'
import { type OptionalColumn, optionalColumns } from '../../src/db/sql/run-item/run-item-columns.ts'
import { touchItems } from '../../src/db/sql/run-item/touch-item.ts'
import {
  loadItemScores,
  loadScores,
  type OptionalScoreColumn,
  optionalScoreColumns,
  parseScores,
} from '../../src/db/sql/score/load-scores.ts'
import { deleteReplacedScores, deleteScoreRows } from '../../src/db/sql/score/set-score.ts'
import { loadSeries } from '../../src/db/sql/score/write-summary.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { createTestEngine, seedDataset, seedExperiment, type TestEngine } from '../helpers/engine.ts'

const items = 2_000

let t: TestEngine
let client: Client
let runId: string
/** Of the same version, and of a part of it. */
let otherId: string
let sampleId: string
/** Of the same version in another order. */
let apartId: string
let datasetIds: string[]
/** Of what scores a run. */
const versionId = '00000000-0000-0000-0000-000000000000'
let scoreIds: string[]

beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  const dataset = await seedDataset(
    t,
    Array.from({ length: items }, (_, n) => n),
    { tags: () => ['some'] },
  )
  const experimentId = await seedExperiment(t, dataset, { kind: 'module', name: 'echo' })
  const small = await startRun(t.services, t.scope, { experimentId, subset: { sample: 1 } })
  client = (await t.db.pool.connect()) as unknown as Client
  await client.query(
    `WITH copy AS (
       INSERT INTO run SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
       FROM run r, generate_series(1, 500) WHERE r.id = '${small.id}' RETURNING id
     )
     INSERT INTO run_item (run_id, ordinal, item_id, position, repetition, seq)
     SELECT copy.id, 0, item_id, 0, 0, 1 FROM copy, run_item`,
  )
  await score('true')
  await client.query('ANALYZE run_item, score')
  runId = (await startRun(t.services, t.scope, { experimentId })).id
  await client.query('UPDATE run_item SET seq = ordinal + 1 WHERE run_id = $1', [runId])
  await score(`run_id = '${runId}'`)
  const { rows: scores } = await client.query<{ id: string }>(
    'SELECT id FROM score WHERE run_id = $1 AND ordinal BETWEEN 1000 AND 1049',
    [runId],
  )
  scoreIds = scores.map(({ id }) => id)
  await client.query('UPDATE run SET seq = $2 WHERE id = $1', [runId, items])
  otherId = (await startRun(t.services, t.scope, { experimentId, settings: { repetitions: 2 } })).id
  sampleId = (await startRun(t.services, t.scope, { experimentId, subset: { sample: items / 2 } })).id
  apartId = (await startRun(t.services, t.scope, { experimentId, seed: 'other' })).id
  const inputs = Array.from({ length: items }, (_, n) => n)
  datasetIds = [dataset, await seedDataset(t, inputs), await seedDataset(t, inputs)]
  await client.query('UPDATE dataset_item_revision SET valid_to = 2 WHERE item_id % 50 = 0')
  await client.query('ANALYZE dataset_item, dataset_item_revision')
})
afterAll(async () => {
  ;(client as unknown as { release(): void }).release()
  await t[Symbol.asyncDispose]()
})

function score(which: string): Promise<unknown> {
  return client.query(
    `INSERT INTO score (run_id, ordinal, name, data_type, value, source)
     SELECT run_id, ordinal, gen_random_uuid(), 'NUMERIC', 1, 'API' FROM run_item WHERE ${which}`,
  )
}

/** The rows of these tables that this connection reads meanwhile, entries of indexes included. */
async function rowsRead(work: () => Promise<unknown>, tables = ['run_item', 'score']): Promise<number> {
  const read = async () => {
    await client.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await client.query<{ rows: number }>(
      `SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = ANY ($1))
             + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = ANY ($1)))::int AS rows`,
      [tables],
    )
    return rows[0]?.rows ?? Number.NaN
  }
  const before = await read()
  await work()
  return (await read()) - before
}

const keys = () => Array.from({ length: 50 }, (_, n) => ({ runId, ordinal: 1_000 + n }))
const scoreKeys = () => scoreIds.map((id) => ({ runId, id }))
const withoutScores = { columns: [], scoreColumns: null }
const byPosition = listRunItems({}, { field: 'POSITION', descending: false }, withoutScores)
const withScores = listRunItems({}, { field: 'POSITION', descending: false }, nothingLeftOut)
const firstPage = { limit: 50, backward: false, after: null, before: null }
const page = (request: object) => loadPages(client, byPosition, [runId], { ...firstPage, ...request })
const compared = (ids: string[]) => ({
  ids,
  datasetVersions: ids.map(() => 1),
  repetitions: ids.map((id) => (id === otherId ? 2 : 1)),
  seeds: ids.map((id) => (id === apartId ? 'other' : 'seed')),
})
const comparedPage =
  (ids: () => string[], request: object, filter: RowFilter = {}) =>
  () =>
    loadComparisonPage(client, compared(ids()), filter, { field: 'SCHEDULE' }, { ...firstPage, ...request })
const alike = () => [runId, otherId]
const partly = () => [sampleId, runId]
const apart = () => [sampleId, apartId]
/** Failed executions would count, so that these are read, too. */
const quality: MetricOfRuns = {
  values: { kind: 'SCORE', name: 'quality', source: 'API' },
  get rules() {
    const rule = { name: 'quality', source: 'API' as const, value: 0, lowest: 0, highest: 1, applies: true }
    return alike().map((id) => ({ ...rule, runId: id }))
  },
  direction: 'HIGHER_IS_BETTER',
  candidates: [2],
}
/** Not in the order of the schedule. */
const itemIds = Array.from({ length: items }, (_, n) => String(n + 1))
const ofItems = listRunItems(
  { itemIds: itemIds.slice(500, 540) },
  { field: 'POSITION', descending: false },
  withoutScores,
)

const cells = { itemIds: itemIds.slice(500, 540), positions: [] }
const range = { ordinals: [{ from: 500, below: 540 }] }

test.each<[string, () => Promise<unknown>]>([
  ['the first page of a run', () => page({})],
  ['a later page of a run', () => page({ after: ['1000'] })],
  ['the page before one', () => page({ before: ['1000'], backward: true })],
  [
    'a page of two runs with the scores',
    () => loadPages(client, withScores, [runId, sampleId], { ...firstPage, after: ['900'] }),
  ],
  ['run items by their keys', () => loadRunItems(client, t.scope.projectId, keys())],
  ['scores by their keys', () => loadScores(client, t.scope.projectId, scoreKeys())],
  [
    'texts that are being written',
    () =>
      readLiveTexts(
        client,
        keys().map((key) => ({ ...key, attempt: 1, characters: 0 })),
      ),
  ],
  ['the scores of items', () => loadItemScores(client, keys())],
  [
    'what a feed delivers',
    () => loadChangedItems(client, { runId, after: 1_000, upTo: 1_050 }, null, 50, nothingLeftOut),
  ],
  ['the cells of a comparison', () => loadCells(client, [runId], cells, withoutScores, pageBytes)],
  ['their scores', () => loadCellValues(client, [runId], cells)],
  ['the cells in a range', () => loadCells(client, [runId], range, withoutScores, pageBytes)],
  ['their scores', () => loadCellValues(client, [runId], range)],
  ['items by the ids of dataset items', () => loadPages(client, ofItems, [runId], { ...firstPage, limit: 50 })],
  [
    'what a comparison of a window delivers',
    () => findItemChanges(client, [{ runId, after: 0, upTo: items }], itemIds.slice(500, 540), 50),
  ],
  ['the first page of a comparison', comparedPage(alike, {})],
  ['a later page of a comparison', comparedPage(alike, { after: ['1', '1000'] })],
  ['the last page of a comparison', comparedPage(alike, { backward: true })],
  ['the page before one of a comparison', comparedPage(alike, { before: ['1', '1000'], backward: true })],
  ['a page of a comparison where the first run has only a part', comparedPage(partly, { after: ['1', '990'] })],
  ['the last page of such a comparison', comparedPage(partly, { backward: true })],
  ['a page after an item that the first run does not have', comparedPage(partly, { after: ['2', '1500'] })],
  ['a filtered page of a comparison', comparedPage(alike, { after: ['1', '1000'] }, { tags: ['some'] })],
  ['listed rows of a comparison', comparedPage(alike, {}, { itemIds: itemIds.slice(500, 540) })],
  [
    'listed rows of a comparison that pass a filter, after one',
    comparedPage(partly, { after: ['1', '400'] }, { itemIds: itemIds.slice(500, 520), tags: ['some'] }),
  ],
  [
    'listed rows of a comparison of other orders, from the end',
    comparedPage(apart, { backward: true }, { itemIds: itemIds.slice(500, 520) }),
  ],
  [
    'the number of listed rows of a comparison',
    () => countComparisonItems(client, compared(alike()), { itemIds: itemIds.slice(500, 540) }, 1_000),
  ],
  [
    'listed rows that changed',
    comparedPage(alike, {}, { itemIds: itemIds.slice(500, 505), change: { is: 'CHANGED', metric: quality } }),
  ],
  [
    'listed rows by the size of a change',
    () =>
      loadComparisonPage(
        client,
        compared(alike()),
        { itemIds: itemIds.slice(500, 505) },
        { field: 'CHANGE', metric: quality },
        firstPage,
      ),
  ],
  ['the foreign keys of new scores', () => score(`run_id = '${runId}' AND ordinal BETWEEN 1000 AND 1049`)],
])('reads no more than it needs: %s', async (_what, work) => {
  // The plan of a foreign key's check is made once for a connection.
  await client.query('DISCARD PLANS')
  expect(await rowsRead(work)).toBeLessThan(400)
})

const ordinals = keys().map(({ ordinal }) => ordinal)
const given = () => keys().map((key) => ({ ...key, name: 'quality', source: 'API' as const, author: 'someone' }))
const evaluations = ordinals.map((ordinal) => ({ ordinal, evaluatorVersionId: versionId }))

test.each<[string, () => Promise<unknown>]>([
  ['what evaluators gave before', () => deleteEvaluationScores(client, runId, evaluations)],
  [
    'items whose evaluators have cost more',
    () =>
      touchEvaluatedItems(
        client,
        runId,
        ordinals.map((ordinal) => ({ ordinal, costUsd: 1 })),
        items,
      ),
  ],
  ['items that a client has claimed', () => loadClaims(client, runId, ordinals)],
  ['items that a client claims again', () => reclaimItems(client, runId, '1', ordinals)],
  [
    'items with other scores',
    () =>
      touchItems(
        client,
        keys().map((key) => ({ ...key, seq: items })),
      ),
  ],
  ['scores that others replace', () => deleteReplacedScores(client, given())],
  ['scores that are deleted', () => deleteScoreRows(client, scoreKeys())],
  ['scores that a summary is about', () => loadSeries(client, [{ runId, name: 'quality', source: 'API', ordinals }])],
])('reads no more than it writes: %s', async (_what, work) => {
  const read = await rowsRead(async () => {
    await client.query('BEGIN')
    await work()
    await client.query('ROLLBACK')
  })
  expect(read).toBeLessThan(400)
})

test.each<[string, 'current' | 'archived', object]>([
  ['the first page', 'current', {}],
  ['the last page', 'current', { backward: true }],
  ['a later page', 'current', { after: ['1000'] }],
  ['the first page of archived items', 'archived', {}],
  ['the last page of archived items', 'archived', { backward: true }],
])('reads no items of other datasets: %s', async (_what, version, request) => {
  const tables = ['dataset_item', 'dataset_item_revision']
  const pages = () => loadPages(client, listDatasetItemsAt(version), datasetIds, { ...firstPage, ...request })
  const read = await rowsRead(async () => {
    for (const { rows } of await pages()) expect(rows.length).toBeGreaterThan(0)
  }, tables)
  expect(read).toBeLessThan(datasetIds.length * 400)
})

test('finds each item where the schedule of a run has it, and none that the run does not have', async () => {
  const { rows } = await client.query<{ id: string }>('SELECT experiment_id AS id FROM run WHERE id = $1', [runId])
  const experimentId = rows[0]?.id as string
  const settings = { repetitions: 3 }
  const sample = await startRun(t.services, t.scope, { experimentId, subset: { sample: 300 }, settings, seed: 'other' })
  const single = await startRun(t.services, t.scope, { experimentId, subset: { itemIds: ['7'] } })
  const runs = [runId, sample.id, single.id, runId]
  const guesses = itemIds.map((_, n) => (n % 3 === 0 ? null : n))
  for (const guessed of [null, guesses]) {
    const { rows: differences } = await client.query(
      `WITH found AS MATERIALIZED (SELECT * FROM run_item_places($1, $2, $3)),
         present AS (SELECT run_id, item_id, ordinal FROM run_item WHERE run_id = ANY ($1))
       (SELECT 'missing' AS what, * FROM present EXCEPT ALL SELECT 'missing', * FROM found)
       UNION ALL (SELECT 'wrong', * FROM found EXCEPT ALL SELECT 'wrong', * FROM present)`,
      [runs, itemIds, guessed],
    )
    expect(differences).toEqual([])
  }
})

test('a filter of compared rows that nothing passes looks for the executions of an item once', async () => {
  const read = await rowsRead(async () => {
    const { rows } = await comparedPage(alike, {}, { failedInOne: true })()
    expect(rows).toEqual([])
  })
  expect(read).toBeLessThan(15 * items)
})

describe('a page has all but what it leaves out', () => {
  const firstRow = async (leftOut: LeftOut) => {
    const list = listRunItems({}, { field: 'POSITION', descending: false }, leftOut)
    const [found] = await loadPages<ListedRunItem>(client, list, [runId], { ...firstPage, limit: 1 })
    return found?.rows[0] as ListedRunItem
  }
  const each = <Column>(all: readonly Column[]) => [...all.map((column) => [column]), all]
  const without = (all: readonly string[], leftOut: readonly string[]) => all.filter((name) => !leftOut.includes(name))

  test('of the columns of its items', async () => {
    const columnsOf = async (columns: readonly OptionalColumn[]) =>
      Object.keys(await firstRow({ columns, scoreColumns: null })).toSorted()
    const all = await columnsOf([])
    for (const columns of each(optionalColumns)) expect(await columnsOf(columns)).toEqual(without(all, columns))
  })

  test('of the columns of their scores', async () => {
    const columnsOf = async (scoreColumns: readonly OptionalScoreColumn[]) => {
      const item = await firstRow({ columns: [], scoreColumns })
      return Object.keys(parseScores(item.listedScores ?? [], item)[0] ?? {}).toSorted()
    }
    const all = Object.keys(Prisma.ScoreScalarFieldEnum).toSorted()
    expect(await columnsOf([])).toEqual(all)
    for (const columns of each(optionalScoreColumns)) expect(await columnsOf(columns)).toEqual(without(all, columns))
  })
})
