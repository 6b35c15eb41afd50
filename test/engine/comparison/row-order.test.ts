/** The order of compared rows, page by page in many shapes, against one computed from the schedules of the runs. */
import { hash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countComparisonItems, loadComparisonPage, type RowOrder } from '../../../src/db/sql/comparison/load-page.ts'
import type { RowFilter } from '../../../src/db/sql/comparison/row-filter.ts'
import type { ComparedRuns } from '../../../src/db/sql/comparison/schedule-order.ts'
import type { StartRunInput } from '../../../src/domain/run.ts'
import { seededRandom } from '../../../src/domain/statistics/seeded-random.ts'
import { repetitionsOf } from '../../../src/engine/comparison/repetitions.ts'
import { createDataset } from '../../../src/engine/datasets/datasets.ts'
import { archiveDatasetItems, upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { createTestEngine, seedExperiment, type TestEngine } from '../../helpers/engine.ts'

interface ComparedRun {
  id: string
  datasetVersion: number
  repetitions: number
  seed: string
  /** In the order of its schedule. */
  itemIds: string[]
}

interface Row {
  itemId: string
  sortKey: string[]
}

let t: TestEngine
const runs: ComparedRun[] = []
const even = new Set<string>()
const named = new Set<string>()

/** The first version has 40 items; the second lost ten, changed five and gained eight; the third gained twelve. */
beforeAll(async () => {
  t = await createTestEngine({ tasks: [{ name: 'echo', run: (input) => input }] })
  const { services, scope } = t
  const { id: datasetId } = await createDataset(services, scope, { name: 'ordered' })
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'echo' })
  const write = async (from: number, to: number, input = 'as ever') => {
    const items = Array.from({ length: to - from }, (_, n) => ({
      key: `item ${from + n}`,
      input,
      tags: (from + n) % 2 === 0 ? ['even'] : [],
    }))
    const written = await upsertDatasetItems(services, scope, { datasetId, items })
    const ids = written.items.map(({ itemId }) => String(itemId))
    ids.forEach((id, n) => {
      if ((from + n) % 2 === 0) even.add(id)
      if ((from + n) % 7 === 0) named.add(id)
    })
    return ids
  }
  const start = async (input: Omit<StartRunInput, 'experimentId'>) => {
    const run = await startRun(services, scope, { experimentId, ...input })
    const { id, datasetVersion, seed } = run
    const items = await t.db.prisma.runItem.findMany({
      where: { runId: id, repetition: 0 },
      orderBy: { ordinal: 'asc' },
    })
    runs.push({
      id,
      datasetVersion,
      repetitions: repetitionsOf(run),
      seed,
      itemIds: items.map(({ itemId }) => String(itemId)),
    })
  }
  const ids = await write(0, 40)
  await start({})
  await start({ settings: { repetitions: 2 } })
  await start({ subset: { tags: ['even'] } })
  await start({ seed: 'other' })
  await archiveDatasetItems(services, scope, { datasetId, itemIds: ids.slice(5, 15) })
  await write(15, 20, 'changed')
  const added = await write(40, 48)
  await start({})
  await start({ settings: { repetitions: 3 } })
  await start({ subset: { itemIds: [...ids.slice(30, 33), ...added.slice(0, 2)] }, settings: { repetitions: 2 } })
  await start({ seed: 'third', subset: { tags: ['even'] } })
  await write(48, 60)
  await start({})
  await start({ subset: { sample: 9 } })
  await start({ seed: 'other', settings: { repetitions: 2 } })
})
afterAll(() => t[Symbol.asyncDispose]())

/**
 * The items of the runs that have the seed of the first one by the hash of that, then those of the others by run and
 * position; with the first run that has each, and its position there.
 */
function expectedRows(compared: readonly ComparedRun[], passes: (itemId: string) => boolean): Row[] {
  const seed = compared[0]?.seed
  const hashed = (itemId: string) => hash('md5', `${seed}:${itemId}`)
  const rows = (isTogether: boolean) =>
    compared.flatMap((run, index) =>
      (run.seed === seed) === isTogether
        ? run.itemIds.map((itemId, position) => ({ itemId, sortKey: [String(index + 1), String(position)] }))
        : [],
    )
  const together = [...Map.groupBy(rows(true), ({ itemId }) => itemId).values()].flatMap((found) => found.slice(0, 1))
  const has = new Set(together.map(({ itemId }) => itemId))
  const apart = rows(false).filter(({ itemId }) => !has.has(itemId) && has.add(itemId))
  return [...together.sort((a, b) => (hashed(a.itemId) < hashed(b.itemId) ? -1 : 1)), ...apart].filter(({ itemId }) =>
    passes(itemId),
  )
}

function asRead(compared: readonly ComparedRun[]): ComparedRuns {
  const of = <Key extends keyof ComparedRun>(key: Key) => compared.map((run) => run[key])
  return { ids: of('id'), datasetVersions: of('datasetVersion'), repetitions: of('repetitions'), seeds: of('seed') }
}

async function readPage(
  compared: readonly ComparedRun[],
  filter: RowFilter,
  request: { limit: number; backward?: boolean; after?: Row | undefined; before?: Row | undefined },
) {
  const { limit, backward = false, after, before } = request
  const page = { limit, backward, after: after?.sortKey ?? null, before: before?.sortKey ?? null }
  return loadComparisonPage(t.db.pool, asRead(compared), filter, { field: 'SCHEDULE' }, page)
}

/** Runs in an order of their own. */
function shuffled(random: () => number): ComparedRun[] {
  return runs
    .map((run) => ({ run, by: random() }))
    .sort((a, b) => a.by - b.by)
    .map(({ run }) => run)
}

/** All pages of this size from one end. */
async function walk(compared: readonly ComparedRun[], filter: RowFilter, limit: number, backward: boolean) {
  const found: Row[] = []
  for (;;) {
    const from = backward ? { before: found[0] } : { after: found.at(-1) }
    const page = await readPage(compared, filter, { limit, backward, ...from })
    if (backward) found.unshift(...page.rows)
    else found.push(...page.rows)
    if (!(backward ? page.hasPreviousPage : page.hasNextPage)) return found
    expect(page.rows).toHaveLength(limit)
  }
}

test('compared rows are the same in the same order whatever the runs have in common and where one reads', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(10)
  const below = (end: number) => Math.floor(random() * end)
  const pairs = runs.flatMap((first) => runs.map((second) => [first, second]))
  const more = Array.from({ length: 50 }, (_, n) => shuffled(random).slice(0, 3 + (n % 2)))
  const filters: [RowFilter, (itemId: string) => boolean][] = [
    [{}, () => true],
    [{ tags: ['even'] }, (itemId) => even.has(itemId)],
    [{ itemIds: [...named] }, (itemId) => named.has(itemId)],
    [{ search: 'nothing has this' }, () => false],
  ]
  let apart = 0
  for (const [n, compared] of [...pairs, ...more].entries()) {
    const [filter, passes] = filters[n % 3 === 0 ? 1 + below(3) : 0] as (typeof filters)[number]
    const expected = expectedRows(compared, passes)
    apart += expected.filter(({ sortKey: [run] }) => compared[Number(run) - 1]?.seed !== compared[0]?.seed).length
    const limit = 1 + below(30)
    for (const backward of [false, true]) {
      const found = await walk(compared, filter, limit, backward)
      expect(found, `${n} ${JSON.stringify(filter)} ${limit}`).toEqual(expected)
    }
    const [from, to] = [below(expected.length), below(expected.length)]
    const between = { limit, after: expected[from], before: expected[to] }
    const inside = expected.slice(from + 1, Math.max(from + 1, to))
    expect((await readPage(compared, filter, between)).rows).toEqual(inside.slice(0, limit))
    expect((await readPage(compared, filter, { ...between, backward: true })).rows).toEqual(inside.slice(-limit))
  }
  expect(apart).toBeGreaterThan(100)
})

test('listed rows are those of all pages in the same order, also between rows that are not listed', async () => {
  const random = seededRandom(11)
  const below = (end: number) => Math.floor(random() * end)
  const byChange: RowOrder = {
    field: 'CHANGE',
    metric: { values: { kind: 'LATENCY' }, rules: [], direction: 'LOWER_IS_BETTER', candidates: [2] },
  }
  for (let n = 0; n < 100; n += 1) {
    const compared = shuffled(random).slice(0, 2 + below(4))
    const all = expectedRows(compared, () => true)
    const itemIds = all.filter(() => below(3) === 0).map(({ itemId }) => itemId)
    const filter: RowFilter = { itemIds: [...itemIds, ...itemIds.slice(0, 3), '999999'], tags: n % 2 ? ['even'] : null }
    const passes = ({ itemId }: Row) => itemIds.includes(itemId) && (n % 2 === 0 || even.has(itemId))
    const limit = 1 + below(10)
    expect(await walk(compared, filter, limit, n % 3 === 0)).toEqual(all.filter(passes))

    const [from, to] = [below(all.length), below(all.length)]
    const between = { limit, after: all[from], before: all[to] }
    const inside = all.slice(from + 1, Math.max(from + 1, to)).filter(passes)
    expect((await readPage(compared, filter, between)).rows).toEqual(inside.slice(0, limit))
    expect((await readPage(compared, filter, { ...between, backward: true })).rows).toEqual(inside.slice(-limit))

    const runsRead = asRead(compared)
    expect(await countComparisonItems(t.db.pool, runsRead, filter, 1_000)).toBe(all.filter(passes).length)
    const whole = { limit: 100, backward: false, after: null, before: null }
    const byRank = (filter: RowFilter) => loadComparisonPage(t.db.pool, runsRead, filter, byChange, whole)
    const sorted = (await byRank({})).rows as Row[]
    expect((await byRank(filter)).rows).toEqual(sorted.filter(passes))
  }
})
