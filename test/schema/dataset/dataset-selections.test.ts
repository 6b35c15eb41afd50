/** Copying and tagging items that are selected by id or by filter. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { archiveDatasetItems, type UpsertItem, upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let names = 0
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

async function makeDataset(items: UpsertItem[] = [], more: object = {}) {
  const { id } = await t.db.prisma.dataset.create({
    data: { projectId: t.scope.projectId, name: `dataset ${names++}`, seed: 's', ...more },
  })
  if (items.length > 0) await upsertDatasetItems(t.services, t.scope, { datasetId: id, items })
  return encodeGlobalId('Dataset', id)
}

const raw = (globalId: string) => Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? ''

async function itemsOf(dataset: string) {
  const { data } = await t.query(
    `query($id: ID!) { node(id: $id) { ... on Dataset {
      version items(first: 100) { nodes { item { id } key input expectedOutput metadata tags } }
    } } }`,
    { id: dataset },
  )
  const nodes = data.node.items.nodes as { item: { id: string }; key: string | null; input: unknown; tags: string[] }[]
  return { version: data.node.version as number, nodes, ids: nodes.map(({ item }) => item.id) }
}

async function send(mutation: 'copyDatasetItems' | 'tagDatasetItems', input: object) {
  const type = mutation.charAt(0).toUpperCase() + mutation.slice(1)
  const counts = mutation === 'copyDatasetItems' ? 'added changed unchanged' : 'changed unchanged'
  const { data, errors } = await t.query(
    `mutation($input: ${type}Input!) { ${mutation}(input: $input) {
      __typename ... on ${type}Payload { dataset { version itemCount } ${counts} } ... on UserError { message path }
    } }`,
    { input },
  )
  expect(errors).toBeUndefined()
  return data[mutation]
}

describe('copyDatasetItems', () => {
  const items = [
    { key: 'a', input: 'a', expectedOutput: { x: 1 }, metadata: { lang: 'de' }, tags: ['train'] },
    { key: 'b', input: 'b', tags: ['test'] },
    { input: 'twice', tags: ['test'] },
    { input: 'twice', tags: ['test'] },
  ]

  test('takes everything of the items that a filter leaves, and nothing the second time', async () => {
    const [source, target] = [await makeDataset(items), await makeDataset([{ key: 'b', input: 'other' }])]
    const copy = { datasetId: source, toDatasetId: target, items: { filter: {} } }
    expect(await send('copyDatasetItems', copy)).toEqual({
      __typename: 'CopyDatasetItemsPayload',
      dataset: { version: 2, itemCount: 4 },
      ...{ added: 3, changed: 1, unchanged: 0 },
    })
    const contents = async (id: string) =>
      (await itemsOf(id)).nodes.map(({ item: _, ...content }) => JSON.stringify(content)).toSorted()
    expect(await contents(target)).toEqual(await contents(source))
    expect(await send('copyDatasetItems', copy)).toMatchObject({ dataset: { version: 2 }, added: 0, unchanged: 4 })
    const tests = { ...copy, toDatasetId: await makeDataset(), items: { filter: { tags: ['test'] } } }
    expect(await send('copyDatasetItems', tests)).toMatchObject({ dataset: { itemCount: 3 }, added: 3 })
  })

  test('takes items by id, in that order, as they are in a version', async () => {
    const source = await makeDataset(items)
    const { ids } = await itemsOf(source)
    await archiveDatasetItems(t.services, t.scope, { datasetId: raw(source), itemIds: [raw(ids[0] ?? '')] })
    const toDatasetId = await makeDataset()
    const copy = { datasetId: source, toDatasetId, items: { itemIds: [ids[1], ids[0]] } }
    expect(await send('copyDatasetItems', copy)).toMatchObject({
      __typename: 'NotFoundError',
      path: ['input', 'items', 'itemIds', '1'],
    })
    expect(await send('copyDatasetItems', { ...copy, version: 1 })).toMatchObject({ added: 2 })
    expect((await itemsOf(toDatasetId)).nodes.map(({ key }) => key)).toEqual(['b', 'a'])
  })

  test('copies more items than a page has, all or none', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => ({ input: n }))
    const source = await makeDataset(many(1_000))
    await upsertDatasetItems(t.services, t.scope, { datasetId: raw(source), items: [{ input: 'the last' }] })
    const numbers = await makeDataset([], { inputSchema: { type: 'number' } })
    const refused = await send('copyDatasetItems', { datasetId: source, toDatasetId: numbers, items: { filter: {} } })
    expect(refused).toMatchObject({
      __typename: 'InvalidInputError',
      path: ['input', 'items'],
      message: expect.stringMatching(/^Item \S+, input: expected a value that fits its schema.*got "the last"\.$/),
    })
    expect((await itemsOf(numbers)).version).toBe(0)
    const whole = { datasetId: source, toDatasetId: await makeDataset(), items: { filter: {} } }
    expect(await send('copyDatasetItems', whole)).toMatchObject({ added: 1_001 })
  })

  test('refuses the same dataset, a version that does not exist, and too many ids', async () => {
    const [source, toDatasetId] = [await makeDataset(items), await makeDataset()]
    const all = { filter: {} }
    expect(await send('copyDatasetItems', { datasetId: source, toDatasetId: source, items: all })).toMatchObject({
      __typename: 'ConflictError',
      path: ['input', 'toDatasetId'],
    })
    expect(await send('copyDatasetItems', { datasetId: source, toDatasetId, version: 7, items: all })).toMatchObject({
      __typename: 'InvalidInputError',
      path: ['input', 'version'],
    })
    const [id] = (await itemsOf(source)).ids
    const itemIds = Array.from({ length: 1_001 }, () => id)
    expect(await send('copyDatasetItems', { datasetId: source, toDatasetId, items: { itemIds } })).toMatchObject({
      __typename: 'InvalidInputError',
      path: ['input', 'items', 'itemIds'],
    })
  })
})

describe('tagDatasetItems', () => {
  test('adds and removes tags as one version, and makes none when nothing changes', async () => {
    const dataset = await makeDataset([
      { key: 'a', input: 1, tags: ['x', 'y'], metadata: { m: 1 } },
      { key: 'b', input: 2, tags: ['y'] },
      { key: 'c', input: 3 },
    ])
    const change = { datasetId: dataset, items: { filter: { tags: ['y'] } }, add: ['z', 'x'], remove: ['y'] }
    expect(await send('tagDatasetItems', change)).toMatchObject({ dataset: { version: 2 }, changed: 2, unchanged: 0 })
    const { nodes, ids } = await itemsOf(dataset)
    expect(nodes.map(({ tags }) => tags.toSorted())).toEqual([['x', 'z'], ['x', 'z'], []])
    expect(nodes[0]).toMatchObject({ key: 'a', input: 1, metadata: { m: 1 } })
    const again = { datasetId: dataset, items: { itemIds: ids.slice(0, 2) }, add: ['z'], remove: ['y'] }
    expect(await send('tagDatasetItems', again)).toMatchObject({ dataset: { version: 2 }, changed: 0, unchanged: 2 })
  })

  test('refuses tags that cannot be stored, none at all, and items that are not there', async () => {
    const dataset = await makeDataset([{ key: 'a', input: 1, tags: Array.from({ length: 99 }, (_, n) => `t${n}`) }])
    const all = { datasetId: dataset, items: { filter: {} } }
    expect(await send('tagDatasetItems', { ...all, add: [''] })).toMatchObject({ path: ['input', 'add'] })
    expect(await send('tagDatasetItems', all)).toMatchObject({
      path: ['input', 'add'],
      __typename: 'InvalidInputError',
    })
    expect(await send('tagDatasetItems', { ...all, add: ['one', 'two'] })).toMatchObject({
      __typename: 'InvalidInputError',
      message: expect.stringContaining('at most 100 tags'),
    })
    const other = (await itemsOf(await makeDataset([{ input: 'x' }]))).ids
    expect(
      await send('tagDatasetItems', { datasetId: dataset, items: { itemIds: other }, add: ['one'] }),
    ).toMatchObject({
      __typename: 'NotFoundError',
      path: ['input', 'items', 'itemIds', '0'],
    })
  })
})
