import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RowOrder } from '../../../src/db/sql/comparison/load-page.ts'
import type { RowFilter } from '../../../src/db/sql/comparison/row-filter.ts'
import { type Metric, scoreMetric } from '../../../src/domain/metric.ts'
import { metricIn, valuesOf } from '../../../src/engine/comparison/compared-metrics.ts'
import { type Comparison, openComparison } from '../../../src/engine/comparison/comparison.ts'
import { type ComparedRow, comparisonRows } from '../../../src/engine/comparison/rows.ts'
import { createTestEngine, seedDataset, type TestEngine } from '../../helpers/engine.ts'
import { type RecordedExecution, recordRun } from '../../helpers/recorded-runs.ts'

let t: TestEngine
let comparison: Comparison
let itemIds: string[]
let large: string

const numbers = (n: number) => Array.from({ length: n }, (_, index) => index)
const inSchedule: RowOrder = { field: 'SCHEDULE' }

/**
 * Thirty items. The baseline has 0–23, the first candidate 0–19 and 24–26 with two repetitions, the second 10–29. Their
 * quality is 0.5, then 0.5 + (item − 10) / 100, then 0.5 + (10 − item) / 50 or 0.5 for every third item.
 */
const quality = {
  first: (item: number) => 0.5 + (item - 10) / 100,
  second: (item: number) => (item % 3 === 0 ? 0.5 : 0.5 + (10 - item) / 50),
}

beforeAll(async () => {
  t = await createTestEngine()
  large = await seedDataset(t, numbers(3))
  const inputs = numbers(30).map((n) => ({ question: `What is ${n}?` }))
  const datasetId = await seedDataset(t, inputs, {
    tags: (n) => (n % 2 === 0 ? ['even', `n${n}`] : []),
    metadata: (n) => ({ topic: n % 5 === 0 ? 'five' : 'other' }),
  })
  const execution = (item: number, q: number, repetition = 0): RecordedExecution => ({
    item,
    repetition,
    output: `answer ${item} ${q > 0.5 ? 'yes' : 'no'}`,
    latencyMs: 100 + item,
    costUsd: 0.01,
    scores: { quality: q },
  })
  const failed = (item: number): RecordedExecution => ({
    item,
    status: 'FAILED',
    error: `no answer to ${item}`,
    scores: {},
  })
  const baseline = await recordRun(
    t,
    datasetId,
    numbers(24).map((item) => (item === 3 ? failed(item) : execution(item, 0.5))),
  )
  const first = await recordRun(
    t,
    datasetId,
    numbers(27)
      .filter((item) => item < 20 || item > 23)
      .flatMap((item) => [0, 1].map((repetition) => execution(item, quality.first(item), repetition))),
    { repetitions: 2 },
  )
  const second = await recordRun(
    t,
    datasetId,
    numbers(30)
      .filter((item) => item >= 10)
      .map((item) => (item === 12 ? failed(item) : execution(item, quality.second(item)))),
  )
  comparison = await openComparison(t.db, t.scope, { baselineId: baseline, candidateIds: [first, second] })
  const items = await t.db.prisma.datasetItem.findMany({ where: { datasetId }, orderBy: { id: 'asc' } })
  itemIds = items.map((item) => String(item.id))
})
afterAll(() => t[Symbol.asyncDispose]())

/** All pages of this size, walked from either end, as positions of items in the dataset. */
async function walk(filter: RowFilter, order: RowOrder, size: number, backward = false): Promise<number[]> {
  const found: ComparedRow[] = []
  for (let key: string[] | null = null; ; ) {
    const request = { limit: size, backward, after: backward ? null : key, before: backward ? key : null }
    const page = await comparisonRows(t.db, comparison, filter, order, request)
    if (backward) found.unshift(...page.rows)
    else found.push(...page.rows)
    key = (backward ? page.rows[0] : page.rows.at(-1))?.sortKey ?? null
    if (!(backward ? page.hasPreviousPage : page.hasNextPage)) return found.map(placeOf)
    expect(page.rows).toHaveLength(size)
  }
}

const placeOf = (row: ComparedRow) => itemIds.indexOf(row.itemId)
const sorted = (places: number[]) => places.toSorted((a, b) => a - b)

function byQuality(candidates: number[] = [2, 3]) {
  return byMetric(scoreMetric('quality'), candidates)
}

function byMetric(metric: Metric, candidates: number[]) {
  const compared = metricIn(comparison.metrics, metric, [])
  return { values: valuesOf(compared), rules: compared.lackingRules, direction: compared.direction, candidates }
}

describe('rows', () => {
  test('come in the order of the schedule, also those that only candidates have', async () => {
    const hashOf = (place: number) => hash('md5', `seed:${itemIds[place]}`)
    const expected = numbers(30).sort((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1))
    for (const size of [1, 7, 24, 100]) {
      expect(await walk({}, inSchedule, size)).toEqual(expected)
      expect(await walk({}, inSchedule, size, true)).toEqual(expected)
    }
  })

  test.each([
    ['equal', [1, 1, 1]],
    ['other', [1, 2, 2]],
  ])('have their own results where runs have as many other items, with %s repetitions', async (_what, repetitions) => {
    const datasetId = await seedDataset(t, numbers(12))
    const has = [(item: number) => item < 8, (item: number) => item >= 4, (item: number) => item % 3 > 0]
    const value = (run: number, item: number, repetition: number) => run * 100 + item + repetition / 4
    const repeated = (run: number) => numbers(repetitions[run] ?? 1)
    const runIds: string[] = []
    for (const [run, hasItem] of has.entries()) {
      const executions = numbers(12)
        .filter(hasItem)
        .flatMap((item) =>
          repeated(run).map((repetition) => {
            const scores = { quality: value(run, item, repetition) }
            return { item, repetition, output: `${run} ${item}`, scores }
          }),
        )
      runIds.push(await recordRun(t, datasetId, executions, { repetitions: repeated(run).length }))
    }
    const [baselineId = '', ...candidateIds] = runIds
    const opened = await openComparison(t.db, t.scope, { baselineId, candidateIds })
    const found = await t.db.prisma.datasetItem.findMany({ where: { datasetId }, orderBy: { id: 'asc' } })
    const places = new Map(found.map(({ id }, place) => [String(id), place]))
    const ways = [1, 5, 12].flatMap((limit) => [false, true].map((backward) => ({ limit, backward })))
    for (const { limit, backward } of ways) {
      const read = new Map<number, ComparedRow>()
      for (let key: string[] | null = null; ; ) {
        const request = { limit, backward, after: backward ? null : key, before: backward ? key : null }
        const page = await comparisonRows(t.db, opened, {}, inSchedule, request)
        for (const row of page.rows) read.set(places.get(row.itemId) ?? -1, row)
        key = page.rows.at(backward ? 0 : -1)?.sortKey ?? null
        if (!(backward ? page.hasPreviousPage : page.hasNextPage)) break
      }
      expect(sorted([...read.keys()])).toEqual(numbers(12))
      for (const [item, row] of read) {
        for (const [run, { items, scores }] of row.cells.entries()) {
          const own = has[run]?.(item) ? repeated(run) : []
          expect(items.map(({ output }) => output)).toEqual(own.map(() => `${run} ${item}`))
          const mean = own.length > 0 ? value(run, item, (own.length - 1) / 2) : null
          expect(scores.map((score) => score.value)).toEqual([mean])
        }
      }
    }
  })

  test('come with the largest regression of any candidate first, and with incomparable items last', async () => {
    const gain = (item: number) => {
      const gains = [
        ...(item < 20 && item !== 3 ? [quality.first(item) - 0.5] : []),
        ...(item >= 10 && item < 24 && item !== 12 ? [quality.second(item) - 0.5] : []),
      ]
      return gains.length > 0 ? Math.min(...gains) : Number.POSITIVE_INFINITY
    }
    const order: RowOrder = { field: 'REGRESSION', metric: byQuality() }
    for (const size of [4, 100]) {
      const places = await walk({}, order, size)
      expect(sorted(places)).toEqual(numbers(30))
      const gains = places.map((item) => Math.round(gain(item) * 1e9))
      expect(gains).toEqual(gains.toSorted((a, b) => a - b))
      expect(await walk({}, order, size, true)).toEqual(places)
    }
    const improvements = await walk({}, { field: 'IMPROVEMENT', metric: byQuality([2]) }, 5)
    expect(improvements.slice(0, 3)).toEqual([19, 18, 17])
  })

  test.each(['LATENCY', 'COST'] as const)('can be ordered and filtered by %s in every way', async (kind) => {
    const metric = byMetric({ kind }, [2, 3])
    for (const field of ['REGRESSION', 'IMPROVEMENT', 'CHANGE'] as const) {
      expect(sorted(await walk({}, { field, metric }, 7))).toEqual(numbers(30))
    }
    const unchanged = await walk({ change: { is: 'UNCHANGED', metric } }, inSchedule, 7)
    expect(unchanged).not.toHaveLength(0)
    for (const is of ['IMPROVED', 'REGRESSED', 'CHANGED'] as const) {
      expect(await walk({ change: { is, metric } }, { field: 'CHANGE', metric }, 7)).toEqual([])
    }
    expect(await walk({ change: { is: 'MISSING', metric } }, inSchedule, 7)).not.toHaveLength(0)
  })

  test('can be filtered by the change of a metric', async () => {
    const changed = async (is: NonNullable<RowFilter['change']>['is'], candidates?: number[]) =>
      sorted(await walk({ change: { is, metric: byQuality(candidates) } }, inSchedule, 4))
    expect(await changed('IMPROVED', [2])).toEqual(numbers(20).filter((item) => item > 10))
    expect(await changed('REGRESSED', [2])).toEqual(numbers(10).filter((item) => item !== 3))
    expect(await changed('UNCHANGED', [2])).toEqual([10])
    expect(await changed('CHANGED', [2])).toEqual(numbers(20).filter((item) => item !== 10 && item !== 3))
    // Only an item that one of the two has can be missing.
    expect(await changed('MISSING', [2])).toEqual([3, 20, 21, 22, 23, 24, 25, 26])
    const inAny = [...numbers(10), ...numbers(24).filter((item) => item > 10 && item % 3 !== 0)]
    expect(await changed('REGRESSED')).toEqual(inAny.filter((item) => item !== 3))
  })

  test('can be filtered by differing outputs, failures on one side, tags, metadata, and text', async () => {
    const rows = async (filter: RowFilter) => sorted(await walk(filter, inSchedule, 3))
    const firstSaysYes = numbers(20).filter((item) => item > 10)
    expect(await rows({ differingOutputs: true })).toEqual([...firstSaysYes, 24, 25, 26])
    expect(await rows({ failedInOne: true })).toEqual([3, 12])
    expect(await rows({ tags: ['even'] })).toEqual(numbers(30).filter((item) => item % 2 === 0))
    expect(await rows({ tags: ['even', 'n28'] })).toEqual([28])
    expect(await rows({ metadata: { topic: 'five' } })).toEqual([0, 5, 10, 15, 20, 25])
    expect(await rows({ search: 'what is 2' })).toEqual([2, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])
    expect(await rows({ search: 'no answer to 12' })).toEqual([12])
    expect(await rows({ search: 'Answer 7 no' })).toEqual([7])
    expect(await rows({ search: '100%' })).toEqual([])
    expect(
      await rows({ tags: ['even'], differingOutputs: true, change: { is: 'IMPROVED', metric: byQuality([2]) } }),
    ).toEqual(firstSaysYes.filter((item) => item % 2 === 0))
  })

  test('have a cell per run, with all repetitions and changes', async () => {
    const page = await comparisonRows(t.db, comparison, {}, inSchedule, {
      limit: 100,
      backward: false,
      after: null,
      before: null,
    })
    const row = (place: number) => page.rows.find((row) => placeOf(row) === place)
    const [baseline, first, second] = row(15)?.cells ?? []
    expect(baseline).toMatchObject({
      latencyMs: 115,
      costUsd: 0.01,
      scores: [{ value: 0.5, delta: null, change: null }],
    })
    expect(first?.items.map((item) => item.repetition)).toEqual([0, 1])
    expect(first?.scores[0]).toMatchObject({ name: 'quality', delta: expect.closeTo(0.05, 9), change: 'IMPROVED' })
    expect(second?.scores[0]).toMatchObject({ delta: 0, change: 'UNCHANGED' })
    expect(row(2)?.cells[2]).toMatchObject({ items: [], latencyMs: null, scores: [{ value: null, change: 'MISSING' }] })
    expect(row(3)?.cells[0]).toMatchObject({ latencyMs: null, items: [{ error: { message: 'no answer to 3' } }] })
  })

  test('need as many statements for one row as for all of them', async () => {
    const statements = async (limit: number) => {
      let count = 0
      const query = t.db.pool.query.bind(t.db.pool)
      const counted = (...args: Parameters<typeof query>) => {
        count++
        return query(...args)
      }
      const pool = new Proxy(t.db.pool, {
        get: (target, key) => (key === 'query' ? counted : Reflect.get(target, key)),
      })
      const page = { limit, backward: false, after: null, before: null }
      const { rows } = await comparisonRows({ ...t.db, pool }, comparison, {}, inSchedule, page)
      expect(rows).toHaveLength(limit)
      return count
    }
    expect(await statements(1)).toBe(3)
    expect(await statements(30)).toBe(3)
  })

  test('show, order and filter numbers beyond 1e100, from before they were refused', async () => {
    const [first, second] = await Promise.all(
      [0, 1].map(() =>
        recordRun(
          t,
          large,
          [0, 1, 2].map((item) => ({ item, scores: { likelihood: item } })),
        ),
      ),
    )
    const values = { [first as string]: [1e150, -1.7e308, 5], [second as string]: [-1e150, 1.7e308, 5] }
    for (const [run, [a, b, c]] of Object.entries(values)) {
      await t.db.pool.query(
        'UPDATE score SET value = CASE value WHEN 0 THEN $2::float8 WHEN 1 THEN $3::float8 ELSE $4::float8 END WHERE run_id = $1',
        [run, a, b, c],
      )
    }
    const compared = await openComparison(t.db, t.scope, {
      baselineId: first as string,
      candidateIds: [second as string],
    })
    const likelihood = metricIn(compared.metrics, scoreMetric('likelihood'), [])
    const metric = { values: valuesOf(likelihood), rules: [], direction: likelihood.direction, candidates: [2] }
    const page = { limit: 10, backward: false, after: null, before: null }
    for (const filter of [{}, { change: { is: 'CHANGED' as const, metric } }]) {
      const { rows } = await comparisonRows(t.db, compared, filter, { field: 'REGRESSION', metric }, page)
      const deltas = rows.map(({ cells }) => cells[1]?.scores[0]?.delta)
      expect(deltas.slice(0, 2)).toEqual([-2e150, 'change' in filter ? Number.MAX_VALUE : 0])
      expect(rows).toHaveLength('change' in filter ? 2 : 3)
    }
  })
})
