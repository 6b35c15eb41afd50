import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
let datasetId: string
let experimentId: string

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  datasetId = await seedDataset(
    t,
    Array.from({ length: 500 }, (_, n) => ({ question: `q${n}` })),
  )
  experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'any' })
})
afterAll(() => t[Symbol.asyncDispose]())

/** A finished run with `count` items, two scores per item, and statistics as the recorder would have written them. */
async function seedRun(count: number): Promise<string> {
  const { id } = await t.db.prisma.run.create({
    data: {
      projectId: t.scope.projectId,
      datasetId,
      experimentId,
      datasetVersion: 1,
      name: `run of ${count}`,
      status: 'COMPLETED',
      seed: 'seed',
      task: { kind: 'module', name: 'any' },
      settings: {},
      total: count,
      queued: 0,
      succeeded: count,
      latencySum: 10 * count,
      latencyMin: 10,
      latencyMax: 10,
    },
  })
  await t.db.pool.query(
    `INSERT INTO run_item (run_id, ordinal, item_id, position, repetition, status, output)
     SELECT $1, n - 1, id, n - 1, 0, 'SUCCEEDED', '"out"'
     FROM (
       SELECT id, row_number() OVER (ORDER BY md5('seed:' || id))::int AS n
       FROM (SELECT id FROM dataset_item WHERE dataset_id = $2 ORDER BY id LIMIT $3) item
     ) scheduled`,
    [id, datasetId, count],
  )
  await t.db.pool.query(
    `INSERT INTO score (run_id, ordinal, name, data_type, value, source)
     SELECT $1, ordinal, name, 'NUMERIC', 0.5, 'API' FROM run_item, unnest(ARRAY['a', 'b']) name WHERE run_id = $1`,
    [id],
  )
  for (const name of ['a', 'b']) {
    await t.db.prisma.runScoreSummary.create({
      data: {
        runId: id,
        name,
        source: 'API',
        dataType: 'NUMERIC',
        direction: 'HIGHER_IS_BETTER',
        failurePolicy: 'MISSING',
        count,
        items: count,
        sum: count / 2,
        min: 0.5,
        max: 0.5,
      },
    })
  }
  await t.db.prisma.runLatencyBucket.create({ data: { runId: id, bucket: 115, count } })
  return encodeGlobalId('Run', id)
}

const runs = `{ runs(first: 100) { nodes {
  id name status dataset { name } experiment { name }
  progress { total succeeded etaSeconds }
  stats { costUsd failures { code count } latencyMs { count p50 p99 } scores { name min max mean stderr missingCount labels { label } } }
} } }`

const run = `query($id: ID!) { node(id: $id) { ... on Run {
  items(first: 100) { nodes {
    id status input expectedOutput output revision { key tags } datasetItem { id } run { name }
    scores { name value evaluator { name } }
  } pageInfo { hasNextPage } }
} } }`

test('the runs list with statistics costs the same number of statements at 5 and at 500 runs', async () => {
  let seeded = 0
  const measure = async (size: number) => {
    for (; seeded < size; seeded++) await seedRun(2)
    const [{ data, errors }, statements] = await recordStatements(() => t.query(runs))
    expect(errors).toBeUndefined()
    expect(data.runs.nodes).toHaveLength(Math.min(size, 100))
    for (const node of data.runs.nodes) expect(node.stats.scores).toHaveLength(2)
    return statements.length
  }
  const small = await measure(5)
  expect(small).toBe(5)
  expect(await measure(500)).toBe(small)
})

test('a page of run items with scores costs the same number of statements in runs of 5 and of 500', async () => {
  const measure = async (size: number) => {
    const id = await seedRun(size)
    const [{ data, errors }, statements] = await recordStatements(() => t.query(run, { id }))
    expect(errors).toBeUndefined()
    const { nodes, pageInfo } = data.node.items
    expect(nodes).toHaveLength(Math.min(size, 100))
    expect(pageInfo.hasNextPage).toBe(size > 100)
    for (const node of nodes) expect(node.scores).toHaveLength(2)
    return statements.length
  }
  const small = await measure(5)
  expect(small).toBe(3)
  expect(await measure(500)).toBe(small)
})

test('items by score, with their numbers, are two statements for any number of runs', async () => {
  for (const size of [1, 10]) {
    const query = `{ runs(first: ${size}) { nodes {
      items(first: 2, filter: { score: { name: "a", min: 0.5 }, status: [SUCCEEDED] }, orderBy: { field: SCORE, score: "b" }) {
        nodes { id } totalCount countUpTo
      } } } }`
    const [{ data }, statements] = await recordStatements(() => t.query(query))
    expect(data.runs.nodes).toHaveLength(size)
    expect(data.runs.nodes[0].items).toMatchObject({ nodes: [{}, {}], totalCount: null })
    expect(statements).toHaveLength(3)
  }
})

test('the newest run and the trend of many experiments are one statement each', async () => {
  const query = '{ experiments(first: 100) { nodes { latestRun { id } runTrends(last: 5) { run { id } } } } }'
  const [{ data }, statements] = await recordStatements(() => t.query(query))
  expect(data.experiments.nodes.length).toBeGreaterThan(0)
  expect(statements).toHaveLength(3)
})

test('everything about the dataset items of a page costs the same number of statements at 5 and at 500 items', async () => {
  const item = `{
    id key archived createdAt dataset { name } latest { input } revision(version: 1) { tags }
    revisions(first: 2) { nodes { id item { key } } } runItems(first: 2) { nodes { status run { name } } }
  }`
  const ofRun = `query($id: ID!) { node(id: $id) { ... on Run {
    items(first: 100) { nodes { datasetItem ${item} revision { id input item ${item} } } }
  } } }`
  const ofDataset = `query($id: ID!, $first: Int!) { node(id: $id) { ... on Dataset {
    items(first: $first) { nodes { id input item ${item} } }
  } } }`
  const asNodes = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on DatasetItem ${item} ... on DatasetItemRevision { input item ${item} } } }`
  const measure = async (size: number) => {
    const shown = Math.min(size, 100)
    const [run, inRun] = await recordStatements(async () => t.query(ofRun, { id: await seedRun(size) }))
    const variables = { id: encodeGlobalId('Dataset', datasetId), first: shown }
    const [dataset, inDataset] = await recordStatements(() => t.query(ofDataset, variables))
    const revisions: { id: string; item: { id: string } }[] = dataset.data.node.items.nodes
    const ids = revisions.slice(0, shown / 2).flatMap((revision) => [revision.id, revision.item.id])
    const [nodes, alone] = await recordStatements(() => t.query(asNodes, { ids }))
    for (const { errors } of [run, dataset, nodes]) expect(errors).toBeUndefined()
    for (const { datasetItem, revision } of run.data.node.items.nodes) expect(revision.item).toEqual(datasetItem)
    expect(run.data.node.items.nodes).toHaveLength(shown)
    expect(revisions).toHaveLength(shown)
    expect(nodes.data.nodes.filter(Boolean)).toHaveLength(ids.length)
    return [inRun.length, inDataset.length, alone.length]
  }
  const small = await measure(5)
  expect(await measure(500)).toEqual(small)
})

test('lists with their numbers cost the same number of statements at 5 and at 500 rows', async () => {
  const { projectId } = t.scope
  const document = `{
    datasets(first: 100, orderBy: { field: CREATED_AT, direction: DESC }) {
      countUpTo
      nodes {
        items(first: 1) { totalCount countUpTo nodes { key } }
        before: items(first: 1, version: 1) { totalCount }
        versions(first: 1) { totalCount countUpTo }
        experiments(first: 1, orderBy: { field: LATEST_RUN, direction: DESC }) { countUpTo nodes { name } }
      }
    }
  }`
  const task = { kind: 'module', name: 'any' }
  const version = { version: 1, added: 7, changed: 0, archived: 0, itemCount: 7 }
  let made = 0
  const measure = async (size: number) => {
    for (; made < size; made++) {
      const name = `counted ${made}`
      const data = { projectId, name, task, settings: {} }
      await t.db.prisma.dataset.create({
        data: { projectId, name, seed: 's', version: 1, versions: { create: version }, experiments: { create: data } },
      })
    }
    const [{ data, errors }, statements] = await recordStatements(() => t.query(document))
    expect(errors).toBeUndefined()
    expect(data.datasets.countUpTo).toBeGreaterThanOrEqual(size)
    for (const { items, before, experiments } of data.datasets.nodes.slice(0, Math.min(size, 100))) {
      expect(before).toEqual({ totalCount: 7 })
      expect(items).toMatchObject({ totalCount: 0, countUpTo: 0 })
      expect(experiments).toMatchObject({ countUpTo: 1, nodes: [{}] })
    }
    return statements.length
  }
  const small = await measure(5)
  expect(small).toBe(10)
  expect(await measure(500)).toBe(small)
})

test('the runs of many datasets cost one statement', async () => {
  for (let n = 0; n < 3; n++) await seedDataset(t, ['x'])
  const query =
    '{ datasets(first: 100) { nodes { name runs(first: 2) { nodes { name } } experiments(first: 2) { nodes { name } } } } }'
  const [, statements] = await recordStatements(() => t.query(query))
  expect(statements).toHaveLength(3)
})

test('the links of experiments cost the same number of statements at 1 and at 30, in a list and as nodes', async () => {
  const { id: evaluatorId } = await t.db.prisma.evaluator.create({
    data: {
      projectId: t.scope.projectId,
      name: 'same',
      datasets: { create: { datasetId } },
      versions: {
        create: { version: 1, definition: { kind: 'module', module: 'm' }, dataType: 'NUMERIC', direction: 'NONE' },
      },
    },
  })
  const fields = 'name dataset { name } evaluators { name datasets { name } definition { __typename } }'
  const ids: string[] = []
  const measure = async (size: number) => {
    while (ids.length < size) {
      const id = await seedExperiment(t, datasetId, { kind: 'module', name: 'any' })
      await t.db.prisma.experiment.update({
        where: { id },
        data: { evaluatorsNamed: true, evaluators: { create: { evaluatorId } } },
      })
      ids.push(encodeGlobalId('Experiment', id))
    }
    const [list, inList] = await recordStatements(() =>
      t.query(`{ experiments(first: ${size}) { nodes { ${fields} } } }`),
    )
    const [nodes, asNodes] = await recordStatements(() =>
      t.query(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Experiment { ${fields} } } }`, { ids }),
    )
    for (const found of [list.data.experiments.nodes, nodes.data.nodes]) {
      expect(found).toHaveLength(size)
      for (const { evaluators } of found) expect(evaluators).toMatchObject([{ name: 'same', datasets: [{}] }])
    }
    return [inList.length, asNodes.length]
  }
  const small = await measure(1)
  expect(small).toEqual([6, 6])
  expect(await measure(30)).toEqual(small)
})

test('keys with their projects and persons cost the same number of statements at 1 and at 30', async () => {
  let made = 0
  const measure = async (size: number) => {
    for (; made < size; made++) await createApiKey(t.db, t.scope, { name: `key ${made}`, role: 'READ' })
    const [{ data }, statements] = await recordStatements(() =>
      t.query('{ apiKeys(first: 100) { nodes { name project { name } person { name } } } }'),
    )
    expect(data.apiKeys.nodes).toHaveLength(size)
    for (const { name, person } of data.apiKeys.nodes) expect(person.name).toBe(name)
    return statements.length
  }
  expect(await measure(1)).toBe(3)
  expect(await measure(30)).toBe(3)
})
