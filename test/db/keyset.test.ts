import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/client.ts'
import { type List, loadPages, type PageRequest } from '../../src/db/keyset.ts'
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts'
import { recordStatements } from '../helpers/statements.ts'

interface Player {
  name: string
  points: number | null
}

/** Two with the same points, and one without points, which comes last in either direction. */
const players: Player[] = [
  { name: 'ada', points: 3 },
  { name: 'bob', points: 1.5 },
  { name: 'cleo', points: 3 },
  { name: 'dan', points: null },
  { name: 'eve', points: -7 },
  { name: 'fay', points: 2 },
]

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await createTestDatabase('template0')
  db = openDatabase(database.url)
  await db.pool.query('CREATE TABLE player (team int, name text, points float8)')
  await db.pool.query(
    `INSERT INTO player SELECT team, name, points
     FROM json_to_recordset($1::json) AS p (name text, points float8), unnest('{1,2}'::int[]) AS team
     WHERE team = 1 OR name < 'c'`,
    [JSON.stringify(players)],
  )
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const byPoints = (descending: boolean, names?: string[]): List => ({
  select: 'p.name, p.points',
  from: 'player p',
  parent: { column: 'p.team', type: 'int' },
  where: (parameter) => (names ? [`p.name = ANY (${parameter(names)}::text[])`] : []),
  keys: [
    { sql: `COALESCE(p.points, ${descending ? `'-infinity'` : `'infinity'`})`, type: 'float8' },
    { sql: 'p.name', type: 'text' },
  ],
  descending,
})

const first = (limit: number, after: string[] | null = null): PageRequest => ({
  limit,
  backward: false,
  after,
  before: null,
})
const last = (limit: number, before: string[] | null = null): PageRequest => ({
  limit,
  backward: true,
  after: null,
  before,
})

async function pageOf(list: List, request: PageRequest) {
  const [page] = await loadPages<Player>(db.pool, list, ['1'], request)
  if (!page) throw new Error('there is no page')
  return { ...page, names: page.rows.map((row) => row.name) }
}

const orders = [
  { descending: false, inOrder: ['eve', 'bob', 'fay', 'ada', 'cleo', 'dan'] },
  { descending: true, inOrder: ['cleo', 'ada', 'fay', 'bob', 'eve', 'dan'] },
]

test.for(orders)('paging forward and backward returns every row once ($inOrder)', async ({ descending, inOrder }) => {
  const list = byPoints(descending)
  for (const limit of [1, 2, 4, 5, 6, 7]) {
    const forward: string[] = []
    for (let after: string[] | null = null, more = true; more; ) {
      const page = await pageOf(list, first(limit, after))
      expect(page.hasPreviousPage).toBe(after !== null)
      forward.push(...page.names)
      after = page.rows.at(-1)?.sortKey ?? null
      more = page.hasNextPage
    }
    expect(forward).toEqual(inOrder)

    const backward: string[] = []
    for (let before: string[] | null = null, more = true; more; ) {
      const page = await pageOf(list, last(limit, before))
      expect(page.hasNextPage).toBe(before !== null)
      backward.unshift(...page.names)
      before = page.rows[0]?.sortKey ?? null
      more = page.hasPreviousPage
    }
    expect(backward).toEqual(inOrder)
  }
})

test.for(orders)('a page between two rows, from either end ($inOrder)', async ({ descending, inOrder }) => {
  const list = byPoints(descending)
  const keys = (await pageOf(list, first(10))).rows.map((row) => row.sortKey)
  for (let after = 0; after < inOrder.length; after++) {
    for (let before = after; before < inOrder.length; before++) {
      const between = inOrder.slice(after + 1, before)
      const bounds = { after: keys[after] ?? null, before: keys[before] ?? null }
      const start = await pageOf(list, { limit: 2, backward: false, ...bounds })
      expect(start).toMatchObject({ names: between.slice(0, 2), hasNextPage: between.length > 2 })
      const end = await pageOf(list, { limit: 2, backward: true, ...bounds })
      expect(end).toMatchObject({ names: between.slice(-2), hasPreviousPage: between.length > 2 })
    }
  }
})

test('the row of a cursor may have been deleted', async () => {
  const gone = ['2.5', 'gone']
  expect((await pageOf(byPoints(false), first(2, gone))).names).toEqual(['ada', 'cleo'])
  expect((await pageOf(byPoints(false), last(2, gone))).names).toEqual(['bob', 'fay'])
})

test('the pages of many parents are one statement, in the order of the parents, each with its own last page', async () => {
  const [pages, statements] = await recordStatements(() =>
    loadPages<Player>(db.pool, byPoints(false, ['ada', 'bob', 'fay']), ['2', '3', '1'], last(2)),
  )
  expect(statements).toHaveLength(1)
  expect(pages.map((page) => page.rows.map((row) => row.name))).toEqual([['bob', 'ada'], [], ['fay', 'ada']])
  expect(pages.map((page) => page.hasPreviousPage)).toEqual([false, false, true])
  expect(pages.map((page) => page.hasNextPage)).toEqual([false, false, false])
})
