import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const create = `mutation Create($input: CreateDatasetInput!) {
  createDataset(input: $input) {
    __typename
    ... on CreateDatasetPayload { dataset { id name version itemCount } }
    ... on UserError { code message path }
  }
}`

const upsert = `mutation Upsert($input: UpsertDatasetItemsInput!) {
  upsertDatasetItems(input: $input) {
    __typename
    ... on UpsertDatasetItemsPayload { added changed unchanged dataset { version itemCount } items { id key input tags validFrom } }
    ... on UserError { code message path }
  }
}`

async function createDataset(name: string): Promise<string> {
  const { data } = await t.query(create, { input: { name } })
  return data.createDataset.dataset.id
}

test('a dataset is created, found by name, by id and in the list', async () => {
  const id = await createDataset('tickets/train')
  const { data } = await t.query(
    `query($id: ID!) {
      dataset(name: "tickets/train") { id version }
      node(id: $id) { __typename id ... on Dataset { name } }
      datasets(filter: { search: "ckets/tr" }) { nodes { id } }
      none: dataset(name: "nothing") { id }
    }`,
    { id },
  )
  expect(data).toEqual({
    dataset: { id, version: 0 },
    node: { __typename: 'Dataset', id, name: 'tickets/train' },
    datasets: { nodes: [{ id }] },
    none: null,
  })
})

test('a taken name is a typed conflict with the path of the field', async () => {
  await createDataset('taken')
  const { data, errors } = await t.query(create, { input: { name: 'taken' } })
  expect(errors).toBeUndefined()
  expect(data.createDataset).toMatchObject({ __typename: 'ConflictError', code: 'CONFLICT', path: ['input', 'name'] })
})

test('items are written as one version, and every version can be read', async () => {
  const datasetId = await createDataset('versions')
  const first = await t.query(upsert, {
    input: {
      datasetId,
      items: [
        { key: 'a', input: 1, tags: ['x'] },
        { key: 'b', input: null },
      ],
    },
  })
  expect(first.data.upsertDatasetItems).toMatchObject({
    added: 2,
    dataset: { version: 1, itemCount: 2 },
    items: [
      { key: 'a', input: 1, tags: ['x'], validFrom: 1 },
      { key: 'b', input: null, tags: [], validFrom: 1 },
    ],
  })
  await t.query(upsert, { input: { datasetId, items: [{ key: 'a', input: 2 }] } })
  const { data } = await t.query(
    `query($id: ID!) { node(id: $id) { ... on Dataset {
      version
      before: items(version: 1) { nodes { key input } }
      now: items { nodes { key input validTo } }
      versions { nodes { version added changed archived itemCount } }
    } } }`,
    { id: datasetId },
  )
  expect(data.node).toEqual({
    version: 2,
    before: {
      nodes: [
        { key: 'a', input: 1 },
        { key: 'b', input: null },
      ],
    },
    now: {
      nodes: [
        { key: 'a', input: 2, validTo: null },
        { key: 'b', input: null, validTo: null },
      ],
    },
    versions: {
      nodes: [
        { version: 2, added: 0, changed: 1, archived: 0, itemCount: 2 },
        { version: 1, added: 2, changed: 0, archived: 0, itemCount: 2 },
      ],
    },
  })
})

test('of several refused items the error has the path of the first, and its message the others', async () => {
  const datasetId = await createDataset('refused items')
  const items = [{ input: 1, key: '' }, { input: 2 }, { input: 3, key: '' }]
  const { data } = await t.query(upsert, { input: { datasetId, items } })
  expect(data.upsertDatasetItems).toMatchObject({
    path: ['input', 'items', '0', 'key'],
    message: expect.stringContaining('Also refused:\nitems.2.key: '),
  })
})

test('an item without input is refused with its path', async () => {
  const datasetId = await createDataset('no input')
  const { data } = await t.query(upsert, { input: { datasetId, items: [{ input: 1 }, { key: 'b' }] } })
  expect(data.upsertDatasetItems).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'items', '1', 'input'],
  })
})

test('an id of another type is refused with its path', async () => {
  const { data } = await t.query(`mutation { deleteDataset(input: { id: "${btoa('Run:123')}" }) {
    __typename ... on UserError { message path }
  } }`)
  expect(data.deleteDataset).toMatchObject({
    __typename: 'InvalidInputError',
    message: expect.stringContaining('Expected the id of a Dataset, got that of a Run'),
    path: ['input', 'id'],
  })
})
