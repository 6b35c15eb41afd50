/** A dataset item, and what it says in each version, are things of their own: with ids that never mean something else. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { archiveDatasetItems, type UpsertItem, upsertDatasetItems } from '../../../src/engine/datasets/items.ts'
import { startRun } from '../../../src/engine/runs/start-run.ts'
import { followRun, seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let datasetId: string
/** Global ids: a dataset whose second version changes the first of its three items, and a run on each version. */
let itemIds: string[]
let runIds: string[]

beforeAll(async () => {
  t = await startTestServer({ tasks: [{ name: 'own id', run: (_input, { id }) => id }] })
  datasetId = await seedDataset(t, ['old', 'same', 'third'])
  const items = await t.db.prisma.datasetItem.findMany({ where: { datasetId }, orderBy: { id: 'asc' } })
  itemIds = items.map(({ id }) => encodeGlobalId('DatasetItem', String(id)))
  const executions = [0, 1, 2].map((item) => ({ item, output: 'x', scores: { correct: true } }))
  const first = await recordRun(t, datasetId, executions)
  await upsert({ id: String(items[0]?.id), input: 'new' })
  const second = await recordRun(t, datasetId, executions, { datasetVersion: 2 })
  runIds = [first, second].map((id) => encodeGlobalId('Run', id))
})
afterAll(() => t[Symbol.asyncDispose]())

const upsert = (...items: UpsertItem[]) => upsertDatasetItems(t.services, t.scope, { datasetId, items })

async function ask(document: string, variables: object = {}) {
  const { data, errors } = await t.query(document, variables)
  expect(errors).toBeUndefined()
  return data
}

const content = 'id input validFrom item { id }'

test('runs on two versions show two revisions of a changed item and one of an unchanged item, in one comparison', async () => {
  const { compareRuns } = await ask(
    `query($baselineId: ID!, $candidateIds: [ID!]!) {
      compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
        rows { nodes {
          datasetItem { id latest { input } }
          cells { revision { ${content} } items { input datasetItem { id } revision { ${content} } } }
        } }
      } }`,
    { baselineId: runIds[0], candidateIds: [runIds[1]] },
  )
  const rows = new Map(compareRuns.rows.nodes.map((row: { datasetItem: { id: string } }) => [row.datasetItem.id, row]))
  expect([...rows.keys()].sort()).toEqual(itemIds.toSorted())
  // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of it
  const [changed, same] = itemIds.map((id) => rows.get(id) as any)
  expect(changed.datasetItem.latest.input).toBe('new')
  const [before, after] = changed.cells
  expect(before.revision).toMatchObject({ input: 'old', validFrom: 1, item: { id: itemIds[0] } })
  expect(after.revision).toMatchObject({ input: 'new', validFrom: 2, item: { id: itemIds[0] } })
  expect(after.revision.id).not.toBe(before.revision.id)
  for (const cell of [before, after]) {
    expect(cell.items).toEqual([
      { input: cell.revision.input, datasetItem: { id: itemIds[0] }, revision: cell.revision },
    ])
  }
  expect(same.cells[0].revision).toEqual(same.cells[1].revision)

  const { nodes } = await ask(
    `query($ids: [ID!]!) { nodes(ids: $ids) { ... on DatasetItemRevision { ${content} } } }`,
    {
      ids: [before.revision.id, after.revision.id, same.cells[0].revision.id],
    },
  )
  expect(nodes).toEqual([before.revision, after.revision, same.cells[0].revision])
})

test('an item has its dataset, its revisions, each version, and its executions by the newest run first', async () => {
  const { node } = await ask(
    `query($id: ID!) { node(id: $id) { ... on DatasetItem {
      id archived dataset { id } latest { input }
      none: revision(version: 0) { input } one: revision(version: 1) { input } two: revision(version: 2) { input }
      later: revision(version: 3) { input }
      revisions { nodes { input validFrom validTo } }
      runItems { nodes { run { id } revision { input } datasetItem { id } } }
    } } }`,
    { id: itemIds[0] },
  )
  const item = { id: itemIds[0] }
  expect(node).toEqual({
    ...item,
    archived: false,
    dataset: { id: encodeGlobalId('Dataset', datasetId) },
    latest: { input: 'new' },
    none: null,
    one: { input: 'old' },
    two: { input: 'new' },
    later: null,
    revisions: {
      nodes: [
        { input: 'new', validFrom: 2, validTo: null },
        { input: 'old', validFrom: 1, validTo: 2 },
      ],
    },
    runItems: {
      nodes: [
        { run: { id: runIds[1] }, revision: { input: 'new' }, datasetItem: item },
        { run: { id: runIds[0] }, revision: { input: 'old' }, datasetItem: item },
      ],
    },
  })
})

test('revisions and executions are paged in both directions without gaps or repetitions', async () => {
  const id = await seedDataset(t, ['v1'])
  const { id: itemId } = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId: id } })
  for (let version = 2; version <= 5; version++) {
    const items = [{ id: String(itemId), input: `v${version}` }]
    await upsertDatasetItems(t.services, t.scope, { datasetId: id, items })
  }
  const twice = [0, 1].map((repetition) => ({ item: 0, repetition, output: 'x' }))
  for (let version = 1; version <= 3; version++) {
    await recordRun(t, id, twice, { repetitions: 2, datasetVersion: version })
  }
  const walk = async (field: string, selection: string, forward: boolean) => {
    const found: unknown[] = []
    for (let cursor: string | null = null; ; ) {
      const [size, beyond] = forward ? ['first', 'after'] : ['last', 'before']
      const { node } = await ask(
        `query($id: ID!, $cursor: String) { node(id: $id) { ... on DatasetItem { ${field}(${size}: 2, ${beyond}: $cursor) {
          nodes { ${selection} } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } } } }`,
        { id: encodeGlobalId('DatasetItem', String(itemId)), cursor },
      )
      const { nodes, pageInfo } = node[field]
      if (forward) found.push(...nodes)
      else found.unshift(...nodes)
      if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return found
      cursor = forward ? pageInfo.endCursor : pageInfo.startCursor
    }
  }
  const revisions = [5, 4, 3, 2, 1].map((validFrom) => ({ validFrom, input: `v${validFrom}` }))
  const executions = [3, 2, 1].flatMap((datasetVersion) =>
    [0, 1].map((repetition) => ({ repetition, run: { datasetVersion } })),
  )
  for (const forward of [true, false]) {
    expect(await walk('revisions', 'validFrom input', forward)).toEqual(revisions)
    expect(await walk('runItems', 'repetition run { datasetVersion }', forward)).toEqual(executions)
  }
})

test('an archived item keeps its id, what it said and its executions', async () => {
  const [, , third] = itemIds
  const raw = Buffer.from(third ?? '', 'base64url')
    .toString()
    .slice('DatasetItem:'.length)
  await archiveDatasetItems(t.services, t.scope, { datasetId, itemIds: [raw] })
  const query = `query($id: ID!) { node(id: $id) { ... on DatasetItem {
    archived latest { id input validTo } revision(version: 3) { input } runItems { nodes { run { id } revision { id } } }
  } } }`
  const { node } = await ask(query, { id: third })
  expect(node).toMatchObject({ archived: true, latest: { input: 'third', validTo: 3 }, revision: null })
  const revision = { id: node.latest.id }
  expect(node.runItems.nodes).toEqual(runIds.toReversed().map((id) => ({ run: { id }, revision })))
})

test('a cell of a comparison has no revision where the version of its run is without the item', async () => {
  const id = await seedDataset(t, ['a'])
  const early = await recordRun(t, id, [{ item: 0, output: 'x' }])
  await upsertDatasetItems(t.services, t.scope, { datasetId: id, items: [{ input: 'b' }] })
  const late = await recordRun(
    t,
    id,
    [0, 1].map((item) => ({ item, output: 'x' })),
    { datasetVersion: 2 },
  )
  const { compareRuns } = await ask(
    `query($baselineId: ID!, $candidateIds: [ID!]!) {
      compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) { rows { nodes { cells { revision { input } } } } } }`,
    { baselineId: encodeGlobalId('Run', early), candidateIds: [encodeGlobalId('Run', late)] },
  )
  expect(compareRuns.rows.nodes).toEqual([
    { cells: [{ revision: { input: 'a' } }, { revision: { input: 'a' } }] },
    { cells: [{ revision: null }, { revision: { input: 'b' } }] },
  ])
})

test('mutations take the id of an item, and refuse that of a revision with the advice to pass the former', async () => {
  const { dataset } = await ask(
    `query($id: ID!) { dataset: node(id: $id) { ... on Dataset {
    items(first: 1) { nodes { id item { id } } } } } }`,
    { id: encodeGlobalId('Dataset', datasetId) },
  )
  const [revision] = dataset.items.nodes
  const write = (id: string, input: string) =>
    ask(
      `mutation($input: UpsertDatasetItemsInput!) { upsertDatasetItems(input: $input) {
        ... on UpsertDatasetItemsPayload { changed items { id input item { id } } } ... on UserError { message path } } }`,
      { input: { datasetId: encodeGlobalId('Dataset', datasetId), items: [{ id, input }] } },
    )
  expect((await write(revision.id, 'x')).upsertDatasetItems).toEqual({
    message: 'Expected the id of a DatasetItem, got that of a DatasetItemRevision. Pass the id of its `item`.',
    path: expect.arrayContaining(['items', '0', 'id']),
  })
  const { upsertDatasetItems: written } = await write(revision.item.id, 'newer')
  expect(written).toMatchObject({ changed: 1, items: [{ input: 'newer', item: revision.item }] })
  expect(written.items[0].id).not.toBe(revision.id)
})

test('a score is found under the id of its run and its own together, and under no other', async () => {
  const { node } = await ask(
    'query($id: ID!) { node(id: $id) { ... on Run { items(first: 1) { nodes { scores { id } } } } } }',
    {
      id: runIds[0],
    },
  )
  const [{ id }] = node.items.nodes[0].scores
  const [, runId, number] = Buffer.from(id, 'base64url').toString().split(':')
  expect(encodeGlobalId('Run', runId ?? '')).toBe(runIds[0])
  const ofOtherRun = Buffer.from(runIds[1] ?? '', 'base64url')
    .toString()
    .slice('Run:'.length)
  const { nodes } = await ask('query($ids: [ID!]!) { nodes(ids: $ids) { ... on Score { id run { id } } } }', {
    ids: [id, encodeGlobalId('Score', `${ofOtherRun}:${number}`)],
  })
  expect(nodes).toEqual([{ id, run: { id: runIds[0] } }, null])
})

test('a task is given the id that its item has everywhere else', async () => {
  const inputs = await seedDataset(t, [1, 2])
  const experimentId = await seedExperiment(t, inputs, { kind: 'module', name: 'own id' })
  await t.startWorker()
  const { id } = await startRun(t.services, t.scope, { experimentId })
  await followRun(t, id)
  const { node } = await ask(
    'query($id: ID!) { node(id: $id) { ... on Run { items { nodes { output datasetItem { id } } } } } }',
    {
      id: encodeGlobalId('Run', id),
    },
  )
  expect(node.items.nodes).toHaveLength(2)
  for (const { output, datasetItem } of node.items.nodes) expect(output).toBe(datasetItem.id)
})

test('archived items are listed with their last content until they come back', async () => {
  const own = await seedDataset(t, ['first', 'second', 'third'])
  const id = encodeGlobalId('Dataset', own)
  const items = await t.db.prisma.datasetItem.findMany({ where: { datasetId: own }, orderBy: { id: 'asc' } })
  const [first, , third] = items.map((item) => String(item.id))
  const change = (input: UpsertItem) => upsertDatasetItems(t.services, t.scope, { datasetId: own, items: [input] })
  const archive = (...itemIds: string[]) => archiveDatasetItems(t.services, t.scope, { datasetId: own, itemIds })
  const archived = async (filter: object = {}) => {
    const { node } = await ask(
      `query ($id: ID!, $filter: DatasetItemFilter) { node(id: $id) { ... on Dataset {
        archivedItems(filter: $filter) { nodes { input item { archived } } countUpTo }
      } } }`,
      { id, filter },
    )
    expect(node.archivedItems.countUpTo).toBe(node.archivedItems.nodes.length)
    return node.archivedItems.nodes.map(({ input }: { input: string }) => input)
  }
  expect(await archived()).toEqual([])
  await change({ id: first, input: 'first, again' })
  await archive(first ?? '', third ?? '')
  expect(await archived()).toEqual(['first, again', 'third'])
  expect(await archived({ search: 'again' })).toEqual(['first, again'])
  const back = await ask(
    `mutation ($input: RestoreDatasetItemsInput!) { restoreDatasetItems(input: $input) { __typename } }`,
    { input: { datasetId: id, itemIds: [encodeGlobalId('DatasetItem', first ?? '')] } },
  )
  expect(back.restoreDatasetItems.__typename).toBe('RestoreDatasetItemsPayload')
  expect(await archived()).toEqual(['third'])
  await archive(first ?? '')
  expect(await archived()).toEqual(['first, again', 'third'])
})
