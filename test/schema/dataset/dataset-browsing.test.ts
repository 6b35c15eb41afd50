/** What a page of datasets needs besides lists: folders, tags, places in a long list, and what changed between versions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { archiveDatasetItems, type UpsertItem, upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

async function ask(document: string, variables: object = {}) {
  const { data, errors } = await t.query(document, variables)
  expect(errors).toBeUndefined()
  return data
}

async function makeDataset(name: string, ...items: UpsertItem[]) {
  const { id } = await t.db.prisma.dataset.create({ data: { projectId: t.scope.projectId, name, seed: 's' } })
  const upsert = (...items: UpsertItem[]) => upsertDatasetItems(t.services, t.scope, { datasetId: id, items })
  if (items.length > 0) await upsert(...items)
  return { id, globalId: encodeGlobalId('Dataset', id), upsert }
}

test('folders have the names of datasets before a slash, and each the datasets directly in it', async () => {
  for (const name of ['a', 'a/b', 'a/b/c', 'a/b/d', 'a/e', 'f', 'a%/x', 'größe/m/n']) await makeDataset(name)
  const folder = async (path: string) => {
    const { datasetFolders, datasets } = await ask(
      `query ($path: String!) {
        datasetFolders(folder: $path) { nodes { name path datasetCount } countUpTo }
        datasets(filter: { folder: $path }) { nodes { name } }
      }`,
      { path },
    )
    return {
      folders: datasetFolders.nodes.map((node: object) => Object.values(node).slice(-3)),
      datasets: datasets.nodes.map(({ name }: { name: string }) => name),
      count: datasetFolders.countUpTo,
    }
  }
  expect(await folder('')).toEqual({
    folders: [
      ['a', 'a', 4],
      ['a%', 'a%', 1],
      ['größe', 'größe', 1],
    ],
    datasets: ['a', 'f'],
    count: 3,
  })
  expect(await folder('a')).toEqual({ folders: [['b', 'a/b', 2]], datasets: ['a/b', 'a/e'], count: 1 })
  expect(await folder('a/b')).toEqual({ folders: [], datasets: ['a/b/c', 'a/b/d'], count: 0 })
  expect(await folder('größe')).toEqual({ folders: [['m', 'größe/m', 1]], datasets: [], count: 1 })
  expect(await folder('nowhere')).toEqual({ folders: [], datasets: [], count: 0 })
  const paged = await ask(`{ first: datasetFolders(first: 2) { nodes { name } pageInfo { endCursor hasNextPage } } }`)
  const rest = await ask(
    `query ($after: String) { datasetFolders(after: $after) { nodes { name } pageInfo { hasNextPage } } }`,
    { after: paged.first.pageInfo.endCursor },
  )
  expect(rest.datasetFolders).toEqual({ nodes: [{ name: 'größe' }], pageInfo: { hasNextPage: false } })
})

test('the tags of the current version are counted, the most frequent first', async () => {
  const { globalId, upsert, id } = await makeDataset(
    'tagged',
    { key: '1', input: 1, tags: ['rare', 'often'] },
    { key: '2', input: 2, tags: ['often'] },
    { key: '3', input: 3, tags: ['gone'] },
  )
  await upsert({ key: '3', input: 3, tags: ['often', 'also rare'] })
  const tags = async () =>
    (await ask('query($id: ID!) { node(id: $id) { ... on Dataset { tags { tag count } } } }', { id: globalId })).node
      .tags
  expect(await tags()).toEqual([
    { tag: 'often', count: 3 },
    { tag: 'also rare', count: 1 },
    { tag: 'rare', count: 1 },
  ])
  const { id: itemId } = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId: id, key: '1' } })
  await archiveDatasetItems(t.services, t.scope, { datasetId: id, itemIds: [String(itemId)] })
  expect(await tags()).toEqual([
    { tag: 'often', count: 2 },
    { tag: 'also rare', count: 1 },
  ])
})

test('one can jump in a list of items, in either direction and with a filter', async () => {
  const { globalId } = await makeDataset(
    'long',
    ...Array.from({ length: 30 }, (_, n) => ({ key: `k${n}`, input: n, tags: n % 2 ? ['odd'] : [] })),
  )
  const keys = async (args: string) => {
    const { node } = await ask(
      `query($id: ID!) { node(id: $id) { ... on Dataset { items(${args}) { nodes { key } pageInfo { hasNextPage hasPreviousPage } } } } }`,
      { id: globalId },
    )
    const { nodes, pageInfo } = node.items
    return [nodes.map(({ key }: { key: string }) => key), pageInfo.hasPreviousPage, pageInfo.hasNextPage]
  }
  expect(await keys('first: 2, skip: 27')).toEqual([['k27', 'k28'], true, true])
  expect(await keys('first: 5, skip: 28')).toEqual([['k28', 'k29'], true, false])
  expect(await keys('first: 5, skip: 0')).toMatchObject([expect.arrayContaining(['k0']), false, true])
  expect(await keys('first: 5, skip: 30')).toEqual([[], true, false])
  expect(await keys('last: 2, skip: 3')).toEqual([['k25', 'k26'], true, false])
  expect(await keys('first: 2, skip: 3, filter: { tags: ["odd"] }')).toEqual([['k7', 'k9'], true, true])
  for (const skip of [-1, 1_000_001]) {
    const { errors } = await t.query(
      'query($id: ID!, $skip: Int) { node(id: $id) { ... on Dataset { items(skip: $skip) { nodes { key } } } } }',
      { id: globalId, skip },
    )
    expect(errors).toMatchObject([{ path: ['node', 'items'], extensions: { code: 'INVALID_INPUT', path: ['skip'] } }])
  }
  const many = Array.from({ length: 3 }, (_, n) => `a${n}: items(skip: 1000000) { nodes { key } }`).join(' ')
  const { errors } = await t.query(`query($id: ID!) { node(id: $id) { ... on Dataset { ${many} } } }`, { id: globalId })
  expect(errors?.[0]?.message).toContain('50,000')
})

describe('the difference between two versions', () => {
  let id: string
  const kinds = async (args: string) => {
    const { node } = await ask(
      `query($id: ID!) { node(id: $id) { ... on Dataset { changes${args} {
        nodes { kind item { key } before { input validFrom } after { input validFrom } } countUpTo
      } } } }`,
      { id },
    )
    expect(node.changes.countUpTo).toBe(node.changes.nodes.length)
    return node.changes.nodes.map(
      ({ kind, item, before, after }: Record<string, { key: string; input: string }>) =>
        `${kind} ${item?.key}: ${before?.input ?? '-'} → ${after?.input ?? '-'}`,
    )
  }

  beforeAll(async () => {
    const made = await makeDataset('changing', ...['a', 'b', 'c'].map((key) => ({ key, input: `${key}1` })))
    id = made.globalId
    await made.upsert({ key: 'a', input: 'a2' }, { key: 'd', input: 'd2' })
    const item = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId: made.id, key: 'b' } })
    await archiveDatasetItems(t.services, t.scope, { datasetId: made.id, itemIds: [String(item.id)] })
    await made.upsert({ key: 'a', input: 'a1' }, { key: 'b', input: 'b1' })
  })

  test('is that of the current version and the one before, unless others are named', async () => {
    expect(await kinds('')).toEqual(['CHANGED a: a2 → a1', 'ADDED b: - → b1'])
    expect(await kinds('(to: 3)')).toEqual(['ARCHIVED b: b1 → -'])
    expect(await kinds('(from: 1, to: 3)')).toEqual(['CHANGED a: a1 → a2', 'ARCHIVED b: b1 → -', 'ADDED d: - → d2'])
    expect(await kinds('(from: 0, to: 1)')).toEqual(['ADDED a: - → a1', 'ADDED b: - → b1', 'ADDED c: - → c1'])
  })

  test('has nothing of what was changed and changed back', async () => {
    expect(await kinds('(from: 1)')).toEqual(['ADDED d: - → d2'])
    expect(await kinds('(from: 4, to: 4)')).toEqual([])
  })

  test('is paged, and refuses versions that do not exist or are in the wrong order', async () => {
    const page = `query($id: ID!, $after: String) { node(id: $id) { ... on Dataset { changes(first: 2, from: 1, to: 3, after: $after) {
      nodes { item { key } } pageInfo { endCursor hasNextPage } } } } }`
    const first = (await ask(page, { id })).node.changes
    expect(first).toMatchObject({
      nodes: [{ item: { key: 'a' } }, { item: { key: 'b' } }],
      pageInfo: { hasNextPage: true },
    })
    const second = (await ask(page, { id, after: first.pageInfo.endCursor })).node.changes
    expect(second).toMatchObject({ nodes: [{ item: { key: 'd' } }], pageInfo: { hasNextPage: false } })
    for (const [args, path] of [
      ['from: 3, to: 2', 'from'],
      ['from: -1', 'from'],
      ['to: 5', 'version'],
    ]) {
      const { errors } = await t.query(
        `query($id: ID!) { node(id: $id) { ... on Dataset { changes(${args}) { nodes { kind } } } } }`,
        { id },
      )
      expect(errors, args).toMatchObject([{ extensions: { code: 'INVALID_INPUT', path: [path] } }])
    }
  })
})
