/** Statistics tell how many items a run has in the mean. A small run beside a few large ones has far fewer. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Queryable } from '../../src/db/client.ts'
import { countRows, loadPages } from '../../src/db/keyset.ts'
import { listRunItems, type RunItemFilter, type RunItemOrder } from '../../src/db/sql/run-item/list-run-items.ts'
import { nothingLeftOut } from '../../src/db/sql/run-item/listed-columns.ts'
import { seedRuns } from '../bench/comparison-data.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine
let smallId: string

beforeAll(async () => {
  t = await createTestEngine({})
  ;[smallId = ''] = (await seedRuns(t.db.pool, 50, 1)).runIds
  await seedRuns(t.db.pool, 20_000, 2)
})
afterAll(() => t[Symbol.asyncDispose]())

/** The rows that are read of tables as a whole, by the plan that the planner has for the statement. */
async function tablesRead(work: (client: Queryable) => Promise<unknown>): Promise<string[]> {
  const client = await t.db.pool.connect()
  const scans = async () => {
    await client.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await client.query<{ name: string; rows: number }>(
      `SELECT relname AS name, seq_tup_read::int AS rows FROM pg_stat_user_tables WHERE relname IN ('run_item', 'score')`,
    )
    return new Map(rows.map(({ name, rows }) => [name, rows]))
  }
  try {
    const before = await scans()
    await work(client)
    const after = await scans()
    return [...after].flatMap(([name, rows]) => (rows > (before.get(name) ?? 0) ? [name] : []))
  } finally {
    client.release()
  }
}
const page = { limit: 20, backward: false, after: null, before: null }
const orders: RunItemOrder[] = [
  { field: 'LATENCY', descending: true },
  { field: 'COST', descending: false },
  { field: 'FINISHED_AT', descending: true },
  { field: 'SCORE', descending: false, score: 'similarity' },
]

test.each(orders)('a page of its items by $field reads no others', async (order) => {
  const list = listRunItems({}, order, nothingLeftOut)
  expect(await tablesRead((client) => loadPages(client, list, [smallId], page))).toEqual([])
})

const filters: RunItemFilter[] = [
  { status: ['FAILED'] },
  { search: 'answer' },
  { latencyMs: { min: 150 } },
  { score: { name: 'correct', boolean: true } },
]

test.each(filters)('a page of its items with %j reads no others, nor does their number', async (filter) => {
  const list = listRunItems(filter, { field: 'POSITION', descending: false }, nothingLeftOut)
  expect(await tablesRead((client) => loadPages(client, list, [smallId], page))).toEqual([])
  expect(await tablesRead((client) => countRows(client, list, [smallId], 1_000))).toEqual([])
})
