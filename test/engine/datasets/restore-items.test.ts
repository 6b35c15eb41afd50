import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDataset, updateDataset } from '../../../src/engine/datasets/datasets.ts'
import { archiveDatasetItems, restoreDatasetItems, upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { listDatasetItems } from '../../helpers/dataset-items.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine
beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

/** A dataset of three items; the first two are archived. */
async function seed(name: string) {
  const { id: datasetId } = await createDataset(t.services, t.scope, { name })
  const { items } = await upsertDatasetItems(t.services, t.scope, {
    datasetId,
    items: [{ key: 'a', input: 1, expectedOutput: 'x', metadata: { m: 1 }, tags: ['t'] }, { input: 2 }, { input: 3 }],
  })
  const inputs = async (version?: number) =>
    (await listDatasetItems(t, t.scope, datasetId, { version })).rows.map(({ input }) => input)
  const [first = '', second = '', third = ''] = items.map(({ itemId }) => itemId)
  await archiveDatasetItems(t.services, t.scope, { datasetId, itemIds: [first, second] })
  const restore = (...itemIds: string[]) => restoreDatasetItems(t.services, t.scope, { datasetId, itemIds })
  return { datasetId, first, second, third, inputs, restore }
}

test('archived items come back with their content in a new version, and all others are ignored', async () => {
  const { datasetId, first, second, third, inputs, restore } = await seed('back')
  expect(await restore(first, third)).toMatchObject({ restored: 1, dataset: { version: 3, itemCount: 2 } })
  expect(await inputs()).toEqual([1, 3])
  expect(await inputs(2)).toEqual([3])
  const { rows } = await listDatasetItems(t, t.scope, datasetId, { first: 1 })
  expect(rows).toMatchObject([{ key: 'a', expectedOutput: 'x', metadata: { m: 1 }, tags: ['t'], validFrom: 3 }])
  expect(await restore(first)).toMatchObject({ restored: 0, dataset: { version: 3 } })
  expect(await restore(second)).toMatchObject({ restored: 1, dataset: { version: 4, itemCount: 3 } })
  expect(
    await t.db.prisma.datasetVersion.findMany({ where: { datasetId }, orderBy: { version: 'asc' } }),
  ).toMatchObject([{ added: 3 }, { archived: 2 }, { added: 1, itemCount: 2 }, { added: 1, itemCount: 3 }])
})

test('an item that no longer fits the schema, or is of another dataset, refuses all', async () => {
  const { datasetId, first, second, inputs, restore } = await seed('refused')
  await updateDataset(t.services, t.scope, { id: datasetId, inputSchema: { not: { const: 2 } } })
  await expect(restore(first, second)).rejects.toMatchObject({ code: 'INVALID_INPUT', path: ['itemIds', '1'] })
  const other = await seed('other')
  await expect(restore(other.first, first, other.second)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    path: ['itemIds', '0'],
    message: expect.stringContaining('\nAlso refused:\nitemIds.2: '),
  })
  expect(await inputs()).toEqual([3])
})
