import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotFoundError } from '../../../src/domain/errors.ts'
import type { Json } from '../../../src/domain/json/json.ts'
import { createDataset } from '../../../src/engine/datasets/datasets.ts'
import { archiveDatasetItems, type UpsertItem, upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { type DatasetItemQuery, listDatasetItems } from '../../helpers/dataset-items.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'
import { testScope } from '../../helpers/scope.ts'

let test: TestEngine
beforeAll(async () => {
  test = await createTestEngine()
})
afterAll(() => test[Symbol.asyncDispose]())

let datasets = 0
async function dataset(schemas: { inputSchema?: object; expectedOutputSchema?: object } = {}) {
  const { id } = await createDataset(test.services, test.scope, { name: `items/${datasets++}`, ...(schemas as object) })
  return {
    id,
    upsert: (...items: UpsertItem[]) => upsertDatasetItems(test.services, test.scope, { datasetId: id, items }),
    archive: (...itemIds: string[]) => archiveDatasetItems(test.services, test.scope, { datasetId: id, itemIds }),
    list: (query?: DatasetItemQuery) => listDatasetItems(test, test.scope, id, query),
    async inputs(query?: DatasetItemQuery) {
      return (await this.list(query)).rows.map((row) => row.input)
    },
  }
}

describe('upserting', () => {
  it('adds, changes and keeps items, in one version, and returns them in input order', async () => {
    const d = await dataset()
    const first = await d.upsert(
      { key: 'b', input: 1 },
      { key: 'a', input: { q: 2 }, expectedOutput: 'x', metadata: { m: 1 }, tags: ['t', 't'] },
    )
    expect(first).toMatchObject({ added: 2, changed: 0, unchanged: 0, dataset: { version: 1, itemCount: 2 } })
    expect(first.items.map((item) => item.key)).toEqual(['b', 'a'])
    expect(first.items[1]).toMatchObject({
      input: { q: 2 },
      expectedOutput: 'x',
      metadata: { m: 1 },
      tags: ['t'],
      validFrom: 1,
      validTo: null,
    })

    const second = await d.upsert(
      { key: 'c', input: 3 },
      { key: 'a', input: { q: 2 }, expectedOutput: 'y' },
      { key: 'b', input: 1 },
    )
    expect(second).toMatchObject({ added: 1, changed: 1, unchanged: 1, dataset: { version: 2, itemCount: 3 } })
    expect(second.items.map((item) => item.itemId)).toEqual([
      expect.any(String),
      first.items[1]?.itemId,
      first.items[0]?.itemId,
    ])
    expect(second.items[1]).toMatchObject({ expectedOutput: 'y', metadata: null, tags: [], validFrom: 2 })
  })

  it('creates no version when nothing differs, whatever the order of object keys', async () => {
    const d = await dataset()
    await d.upsert({ key: 'a', input: { x: 1, y: { b: 1, a: 2 } }, expectedOutput: null })
    const again = await d.upsert({ key: 'a', input: { y: { a: 2, b: 1 }, x: 1 }, metadata: null, tags: [] })
    expect(again).toMatchObject({ added: 0, changed: 0, unchanged: 1, dataset: { version: 1 } })
  })

  it('accepts null, empty strings and any JSON as input, and distinguishes them', async () => {
    const d = await dataset()
    const inputs: Json[] = [null, '', 0, false, [], {}, '0', 'tab\tnew\nline\\ "q" \u2028 😀', { constructor: 1 }]
    expect(await d.upsert(...inputs.map((input) => ({ input })))).toMatchObject({ added: inputs.length })
    expect(await d.inputs()).toEqual(inputs)
  })

  it('matches items without a key by their input, the n-th of equal ones as the n-th', async () => {
    const d = await dataset()
    const [one, two] = (await d.upsert({ input: 'same', expectedOutput: 1 }, { input: 'same', expectedOutput: 2 }))
      .items
    const changed = await d.upsert(
      { input: 'same', expectedOutput: 1 },
      { input: 'same', expectedOutput: 3 },
      { input: 'same' },
    )
    expect(changed).toMatchObject({ added: 1, changed: 1, unchanged: 1 })
    expect(changed.items.slice(0, 2).map((item) => item.itemId)).toEqual([one?.itemId, two?.itemId])
  })

  it('ignores archived items while there are live ones with the same input, then restores them', async () => {
    const d = await dataset()
    const { items } = await d.upsert({ input: 'same', expectedOutput: 1 }, { input: 'same', expectedOutput: 2 })
    const [one, two] = items.map((item) => item.itemId) as [string, string]
    await d.archive(one)
    expect(await d.upsert({ input: 'same', expectedOutput: 2 })).toMatchObject({
      unchanged: 1,
      items: [{ itemId: two }],
    })
    const back = await d.upsert({ input: 'same', expectedOutput: 2 }, { input: 'same', expectedOutput: 1 })
    expect(back).toMatchObject({
      added: 1,
      unchanged: 1,
      items: [{ itemId: two }, { itemId: one }],
      dataset: { itemCount: 2 },
    })
  })

  it('changes an item identified by id, and matches it by its new content later', async () => {
    const d = await dataset()
    const { items } = await d.upsert({ input: 'a' }, { input: 'a' }, { key: 'k', input: 'k' })
    const [a, , k] = items.map((item) => item.itemId) as [string, string, string]
    const changed = await d.upsert({ id: a, input: 'b' }, { id: k, input: 'k2' }, { input: 'a', expectedOutput: 1 })
    expect(changed).toMatchObject({
      added: 0,
      changed: 3,
      items: [{ itemId: a, key: null }, { itemId: k, key: 'k' }, { input: 'a' }],
    })
    expect(await d.upsert({ input: 'b' }, { key: 'k', input: 'k2' })).toMatchObject({
      unchanged: 2,
      items: [{ itemId: a }, { itemId: k }],
    })
  })

  it('moves a key, and lets a new item use it in the same call', async () => {
    const d = await dataset()
    const { items } = await d.upsert({ key: 'old', input: 1 })
    const id = items[0]?.itemId as string
    const moved = await d.upsert({ id, key: 'new', input: 1 }, { key: 'old', input: 2 })
    expect(moved).toMatchObject({ added: 1, unchanged: 1, items: [{ itemId: id, key: 'new' }, { key: 'old' }] })
    expect(await d.upsert({ key: 'old', input: 2 }, { key: 'new', input: 1 })).toMatchObject({ unchanged: 2 })
  })

  it('names the item and the field of everything it rejects, and stores nothing', async () => {
    const d = await dataset({ inputSchema: { properties: { n: { type: 'number' } } } })
    const { items } = await d.upsert({ key: 'a', input: {} }, { key: 'b', input: {} })
    const [a, b] = items.map((item) => item.itemId) as [string, string]
    const deep = JSON.parse('['.repeat(600) + ']'.repeat(600))
    const refused: [UpsertItem[], string, string][] = [
      [[{ input: {} }, { input: { n: 'x' } }], 'INVALID_INPUT', 'items.1.input.n'],
      [[{ key: '', input: {} }], 'INVALID_INPUT', 'items.0.key'],
      [[{ key: 'x\ny', input: {} }], 'INVALID_INPUT', 'items.0.key'],
      [
        [
          { key: 'x', input: {} },
          { key: 'x', input: {} },
        ],
        'INVALID_INPUT',
        'items.1.key',
      ],
      [[{ input: { t: '\u0000' } }], 'INVALID_INPUT', 'items.0.input'],
      [[{ input: { '\ud800': 1 } }], 'INVALID_INPUT', 'items.0.input'],
      [[{ input: {}, metadata: deep }], 'INVALID_INPUT', 'items.0.metadata'],
      [[{ input: {}, tags: ['ok', ''] }], 'INVALID_INPUT', 'items.0.tags'],
      [
        [
          { id: a, input: {} },
          { id: a, input: {} },
        ],
        'INVALID_INPUT',
        'items.1.id',
      ],
      [[{ input: {} }, { id: '999999', input: {} }], 'NOT_FOUND', 'items.1.id'],
      [[{ id: 'nonsense', input: {} }], 'NOT_FOUND', 'items.0.id'],
      [[{ input: {} }, { id: b, key: 'a', input: {} }], 'CONFLICT', 'items.1.key'],
      [[], 'INVALID_INPUT', 'items'],
      [Array(1001).fill({ input: {} }), 'INVALID_INPUT', 'items'],
    ]
    for (const [given, code, path] of refused) {
      await expect(d.upsert(...given)).rejects.toMatchObject({ code, path: path.split('.') })
    }
    expect(await d.list()).toMatchObject({ rows: [{ validFrom: 1 }, { validFrom: 1 }] })
  })

  it('validates a missing expected output as null', async () => {
    const strict = await dataset({ expectedOutputSchema: { type: 'string' } })
    await expect(strict.upsert({ input: 1 })).rejects.toMatchObject({ path: ['items', '0', 'expectedOutput'] })
    const lenient = await dataset({ expectedOutputSchema: { type: ['string', 'null'], format: 'date' } })
    await lenient.upsert({ input: 1 })
    await expect(lenient.upsert({ input: 1, expectedOutput: 'x' })).rejects.toThrow('must match format "date"')
  })

  it('gives concurrent writers consecutive versions and loses nothing', async () => {
    const d = await dataset()
    const writes = Array.from({ length: 12 }, (_, n) =>
      d.upsert({ key: `k${n}`, input: n }, { key: 'shared', input: n }),
    )
    const versions = (await Promise.all(writes)).map((write) => write.items[0]?.validFrom)
    expect(versions.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1))
    expect((await d.list()).rows).toHaveLength(13)
    const { version, itemCount } = await test.db.prisma.dataset.findUniqueOrThrow({ where: { id: d.id } })
    expect({ version, itemCount }).toEqual({ version: 12, itemCount: 13 })
  })

  it('finds no dataset of another project', async () => {
    const d = await dataset()
    const { id: projectId } = await test.db.prisma.project.create({ data: { name: 'elsewhere' } })
    const scope = await testScope(test.db, projectId)
    const { items } = await d.upsert({ input: 1 })
    const itemIds = items.map((item) => item.itemId)
    await expect(upsertDatasetItems(test.services, scope, { datasetId: d.id, items: [{ input: 1 }] })).rejects.toThrow(
      NotFoundError,
    )
    await expect(archiveDatasetItems(test.services, scope, { datasetId: d.id, itemIds })).rejects.toThrow(NotFoundError)
  })
})

describe('archiving', () => {
  it('removes items from the next version on, once', async () => {
    const d = await dataset()
    const { items } = await d.upsert({ input: 1 }, { input: 2 }, { input: 3 })
    const ids = items.map((item) => item.itemId) as [string, string, string]
    expect(await d.archive(ids[0], ids[2])).toMatchObject({ archived: 2, dataset: { version: 2, itemCount: 1 } })
    expect(await d.archive(ids[0])).toMatchObject({ archived: 0, dataset: { version: 2 } })
    expect(await d.inputs()).toEqual([2])
    expect(await d.inputs({ version: 1 })).toEqual([1, 2, 3])
    await expect(d.archive(ids[1], '123456789')).rejects.toMatchObject({ code: 'NOT_FOUND', path: ['itemIds', '1'] })
  })
})

describe('reading', () => {
  it('returns every version and moment as it was', async () => {
    const d = await dataset()
    const before = new Date(Date.now() - 60_000)
    const { items } = await d.upsert({ key: 'a', input: 'a1' }, { key: 'b', input: 'b1' })
    await d.upsert({ key: 'a', input: 'a2' })
    await d.archive(items[1]?.itemId as string)
    expect(await d.inputs({ version: 0 })).toEqual([])
    expect(await d.inputs({ version: 1 })).toEqual(['a1', 'b1'])
    expect(await d.inputs({ version: 2 })).toEqual(['a2', 'b1'])
    expect(await d.inputs({ version: 3 })).toEqual(['a2'])
    const versions = await test.db.prisma.datasetVersion.findMany({
      where: { datasetId: d.id },
      orderBy: { version: 'asc' },
    })
    expect(versions).toMatchObject([
      { added: 2, changed: 0, archived: 0, itemCount: 2 },
      { added: 0, changed: 1, archived: 0, itemCount: 2 },
      { added: 0, changed: 0, archived: 1, itemCount: 1 },
    ])
    expect(await d.inputs({ asOf: before })).toEqual([])
    expect(await d.inputs({ asOf: new Date(Date.now() + 60_000) })).toEqual(['a2'])
    await test.db.prisma.datasetVersion.updateMany({
      where: { datasetId: d.id, version: 1 },
      data: { createdAt: before },
    })
    expect(await d.inputs({ asOf: before })).toEqual(['a1', 'b1'])
    await expect(d.list({ version: 4 })).rejects.toMatchObject({ path: ['version'] })
    await expect(d.list({ version: 1, asOf: before })).rejects.toMatchObject({ path: ['asOf'] })
  })

  it('pages in both directions without gaps or repetitions', async () => {
    const d = await dataset()
    const { items } = await d.upsert(...Array.from({ length: 7 }, (_, input) => ({ input })))
    await d.upsert({ input: 3, expectedOutput: 'changed' })
    const forward: unknown[] = []
    for (let after: string | null = null, more = true; more; ) {
      const page = await d.list({ first: 3, after })
      forward.push(...page.rows.map((row) => row.input))
      expect(page.hasPreviousPage).toBe(after !== null)
      more = page.hasNextPage
      after = page.rows.at(-1)?.itemId ?? null
    }
    expect(forward).toEqual([0, 1, 2, 3, 4, 5, 6])
    const backward: unknown[][] = []
    for (let before: string | null = null, more = true; more; ) {
      const page = await d.list({ last: 3, before })
      backward.push(page.rows.map((row) => row.input))
      more = page.hasPreviousPage
      before = page.rows[0]?.itemId ?? null
    }
    expect(backward).toEqual([[4, 5, 6], [1, 2, 3], [0]])
    expect(await d.inputs({ first: 100, after: items[1]?.itemId, before: items[5]?.itemId })).toEqual([2, 3, 4])
  })

  it('searches input and expected output literally, ignoring case', async () => {
    const d = await dataset()
    await d.upsert(
      { input: 'Say "Hello"\n100%' },
      { input: { q: 'x' }, expectedOutput: 'HELLO_W\\' },
      { input: 'other' },
    )
    expect(await d.inputs({ search: 'hello' })).toHaveLength(2)
    expect(await d.inputs({ search: '"hello"\n' })).toHaveLength(1)
    expect(await d.inputs({ search: '100%' })).toHaveLength(1)
    expect(await d.inputs({ search: '%' })).toHaveLength(1)
    expect(await d.inputs({ search: '_W\\' })).toEqual([{ q: 'x' }])
  })

  it('filters by tags, all of which an item must have', async () => {
    const d = await dataset()
    await d.upsert({ input: 1, tags: ['a', 'b"\\{,'] }, { input: 2, tags: ['a'] }, { input: 3 })
    expect(await d.inputs({ tags: ['a'] })).toEqual([1, 2])
    expect(await d.inputs({ tags: ['b"\\{,', 'a'] })).toEqual([1])
    expect(await d.inputs({ tags: [] })).toEqual([1, 2, 3])
  })
})
