/** Look-ups by name and numbers of rows; list-filters.test.ts has the filters, list-orders.test.ts the orders. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { upsertDatasetItems } from '../../src/engine/datasets/items.ts'
import { createApiKey, revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
let projectId: string

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  projectId = t.scope.projectId
})
afterAll(() => t[Symbol.asyncDispose]())

const task = { kind: 'module', name: 'any' } as const

describe('the items of a dataset', () => {
  let id: string

  beforeAll(async () => {
    const { id: datasetId } = await t.db.prisma.dataset.create({ data: { projectId, name: 'with items', seed: 's' } })
    id = encodeGlobalId('Dataset', datasetId)
    const items = [
      { key: 'ticket-1', input: 'say "hi"', tags: ['a'], metadata: { lang: 'de' } },
      { key: 'ticket-2', input: { text: 'bye' }, expectedOutput: 'ticket', tags: ['a', 'b'], metadata: { lang: 'en' } },
    ]
    await upsertDatasetItems(t.services, t.scope, { datasetId, items })
    await upsertDatasetItems(t.services, t.scope, { datasetId, items: [{ key: 'other', input: 3 }] })
  })

  const items = async (args: string) => {
    const document = `query ($id: ID!) { node(id: $id) { ... on Dataset {
      items${args === '' ? '' : `(${args})`} { nodes { key } totalCount countUpTo }
    } } }`
    const { data, errors } = await t.query(document, { id })
    if (errors) throw new Error(JSON.stringify(errors))
    const { nodes, totalCount, countUpTo } = data.node.items
    return { keys: nodes.map(({ key }: { key: string }) => key), totalCount, countUpTo }
  }

  test.each([
    ['search: "TICKET-1"', ['ticket-1']],
    ['search: "ticket"', ['ticket-1', 'ticket-2']],
    ['search: "say \\"hi\\""', ['ticket-1']],
    ['key: "ticket-2"', ['ticket-2']],
    ['key: "ticket"', []],
    ['tags: ["a"]', ['ticket-1', 'ticket-2']],
    ['tags: ["a", "b"]', ['ticket-2']],
    ['metadata: { lang: "de" }', ['ticket-1']],
    ['metadata: { lang: "de" }, tags: ["b"]', []],
  ])('are filtered by %s', async (filter, keys) => {
    expect(await items(`filter: { ${filter} }`)).toEqual({ keys, totalCount: null, countUpTo: keys.length })
  })

  test('have a total without a filter, in every version', async () => {
    expect(await items('')).toMatchObject({ totalCount: 3, countUpTo: 3 })
    expect(await items('first: 1')).toMatchObject({ keys: ['ticket-1'], totalCount: 3, countUpTo: 3 })
    expect(await items('version: 1')).toMatchObject({ totalCount: 2, countUpTo: 2 })
    expect(await items('version: 0')).toEqual({ keys: [], totalCount: 0, countUpTo: 0 })
    expect(await items('asOf: "2020-01-01T00:00:00Z"')).toEqual({ keys: [], totalCount: 0, countUpTo: 0 })
    expect(await items('orderBy: { direction: DESC }')).toMatchObject({ keys: ['other', 'ticket-2', 'ticket-1'] })
  })

  test('are counted where nothing is stored, up to the limit', async () => {
    const { data } = await t.query(
      `query ($id: ID!) { node(id: $id) { ... on Dataset { items(filter: { tags: ["a"] }) { one: countUpTo(limit: 1) two: countUpTo(limit: 2) } } } }`,
      { id },
    )
    expect(data.node.items).toEqual({ one: 1, two: 2 })
  })
})

test('the versions of a dataset and the items of a run have their totals', async () => {
  const { id: datasetId } = await t.db.prisma.dataset.create({
    data: { projectId, name: 'of two versions', seed: 's' },
  })
  for (const key of ['a', 'b']) {
    await upsertDatasetItems(t.services, t.scope, { datasetId, items: [{ key, input: key }] })
  }
  const experimentId = await seedExperiment(t, datasetId, task, { repetitions: 2 })
  const { id } = await startRun(t.services, t.scope, { experimentId })
  const { data } = await t.query(
    `query ($dataset: ID!, $run: ID!) {
      dataset: node(id: $dataset) { ... on Dataset { versions(first: 1) { totalCount countUpTo } runs { totalCount countUpTo } } }
      run: node(id: $run) { ... on Run { items(first: 1) { totalCount countUpTo } } }
    }`,
    { dataset: encodeGlobalId('Dataset', datasetId), run: encodeGlobalId('Run', id) },
  )
  expect(data).toEqual({
    dataset: { versions: { totalCount: 2, countUpTo: 2 }, runs: { totalCount: null, countUpTo: 1 } },
    run: { items: { totalCount: 4, countUpTo: 4 } },
  })
})

test('a search finds the same in the items of a dataset, of a run and in the rows of a comparison', async () => {
  const texts = ['say "hi"', { text: 'say "hi"' }, { text: 'back\\slash\nline' }, 'else']
  const datasetId = await seedDataset(t, texts)
  const record = async (output: (n: number) => Json) =>
    encodeGlobalId(
      'Run',
      await recordRun(
        t,
        datasetId,
        texts.map((_, item) => ({ item, output: output(item) })),
      ),
    )
  const variables = {
    dataset: encodeGlobalId('Dataset', datasetId),
    baseline: await record(() => 'x'),
    candidates: [await record((n) => (n === 3 ? { answer: 'a "quoted" one' } : 'x'))],
  }
  const found = async (search: string) => {
    const { data } = await t.query(
      `query ($dataset: ID!, $baseline: ID!, $candidates: [ID!]!, $run: ID!, $search: String!) {
        node(id: $dataset) { ... on Dataset { items(filter: { search: $search }) { nodes { input } } } }
        run: node(id: $run) { ... on Run { items(filter: { search: $search }) { nodes { input } } } }
        compareRuns(baselineId: $baseline, candidateIds: $candidates) {
          rows(filter: { search: $search }) { nodes { datasetItem { latest { input } } } countUpTo }
        }
      }`,
      { ...variables, run: variables.candidates[0], search },
    )
    const inOrder = (inputs: unknown[]) =>
      texts.filter((text) => inputs.some((input) => isDeepStrictEqual(input, text)))
    const { nodes, countUpTo } = data.compareRuns.rows
    expect(countUpTo).toBe(nodes.length)
    return {
      items: inOrder(data.node.items.nodes.map((node: { input: unknown }) => node.input)),
      ofRun: inOrder(data.run.items.nodes.map((node: { input: unknown }) => node.input)),
      rows: inOrder(
        nodes.map((node: { datasetItem: { latest: { input: unknown } } }) => node.datasetItem.latest.input),
      ),
    }
  }
  await t.db.pool.query(
    `UPDATE dataset_item SET key = 'ticket-' || id WHERE id = (SELECT min(id) FROM dataset_item WHERE dataset_id = $1)`,
    [datasetId],
  )
  const keyed = [texts[0]]
  expect(await found('TICKET-')).toEqual({ items: keyed, ofRun: keyed, rows: keyed })
  const hi = texts.slice(0, 2)
  expect(await found('say "HI"')).toEqual({ items: hi, ofRun: hi, rows: hi })
  const lines = [texts[2]]
  expect(await found('back\\slash\nline')).toEqual({ items: lines, ofRun: lines, rows: lines })
  expect(await found('a "quoted"')).toEqual({ items: [], ofRun: ['else'], rows: ['else'] })
})

test('the counts of many lists are one statement, and none unless they are selected', async () => {
  for (let n = 0; n < 3; n++) await seedDataset(t, ['x'])
  const [, without] = await recordStatements(() =>
    t.query('{ datasets(first: 100) { nodes { items(first: 1) { nodes { id } totalCount } } } }'),
  )
  expect(without).toHaveLength(2)
  const [{ errors }, counted] = await recordStatements(() =>
    t.query('{ datasets(first: 100) { nodes { items(first: 1) { nodes { id } totalCount countUpTo } } } }'),
  )
  expect(errors).toBeUndefined()
  expect(counted).toHaveLength(3)
})

test('experiments, evaluators, projects and persons are found by name', async () => {
  const { prisma } = t.db
  const datasetId = await seedDataset(t, [])
  await prisma.experiment.create({ data: { projectId, datasetId, name: 'the one', task, settings: {} } })
  const version = {
    version: 1,
    definition: { kind: 'module', module: 'm' },
    dataType: 'NUMERIC',
    direction: 'NONE',
  } as const
  for (const deletedAt of [new Date(), null]) {
    await prisma.evaluator.create({
      data: { projectId, name: 'reborn', deletedAt, versions: { create: version } },
    })
  }
  await prisma.evaluator.create({
    data: { projectId, name: 'dead', deletedAt: new Date(), versions: { create: version } },
  })
  const { data } = await t.query(`{
    experiment(name: "the one") { name } noExperiment: experiment(name: "the") { name }
    evaluator(name: "reborn") { deletedAt } noEvaluator: evaluator(name: "dead") { name }
    project(name: "default") { name } noProject: project(name: "x") { name }
    person(name: "local") { name project { name } } noPerson: person(name: "x") { name }
  }`)
  expect(data).toEqual({
    experiment: { name: 'the one' },
    noExperiment: null,
    evaluator: { deletedAt: null },
    noEvaluator: null,
    project: { name: 'default' },
    noProject: null,
    person: { name: 'local', project: null },
    noPerson: null,
  })
})

test('a start page has the counts of many projects in one statement', async () => {
  const { id } = await t.db.prisma.project.create({ data: { name: 'counted' } })
  const scope = await testScope(t.db, id)
  const datasetId = await seedDataset({ ...t, scope }, [1])
  const experimentId = await seedExperiment({ ...t, scope }, datasetId, task)
  const runs = []
  for (let n = 0; n < 3; n++) runs.push(await startRun(t.services, scope, { experimentId }))
  await t.db.prisma.run.update({ where: { id: runs[0]?.id ?? '' }, data: { status: 'RUNNING' } })
  await t.db.prisma.run.update({ where: { id: runs[1]?.id ?? '' }, data: { status: 'COMPLETED' } })
  const selection = '{ datasets experiments evaluators runs queuedRuns runningRuns }'
  const [{ data }, statements] = await recordStatements(() =>
    t.query(`{ projects(first: 20) { nodes { name counts ${selection} } } }`),
  )
  const { counts } = data.projects.nodes.find(({ name }: { name: string }) => name === 'counted')
  expect(counts).toEqual({ datasets: 1, experiments: 1, evaluators: 0, runs: 3, queuedRuns: 1, runningRuns: 1 })
  expect(statements).toHaveLength(2)
})

describe('who has keys', () => {
  const who = `query ($filter: ApiKeyFilter) {
    persons { nodes { name apiKeys(filter: $filter) { nodes { name } countUpTo } } }
    viewer { role }
  }`
  const as = (key: string) => ({ authorization: `Bearer ${key}` })

  test('is told to ADMINs: of a project its own persons, of the installation all', async () => {
    const { id } = await t.db.prisma.project.create({ data: { name: 'team' } })
    const scope = { ...(await testScope(t.db, id)), installation: false }
    const admin = await createApiKey(t.db, scope, { name: 'admin', role: 'ADMIN', person: 'ada' })
    const reader = await createApiKey(t.db, scope, { name: 'laptop', role: 'READ', person: 'bob' })
    const lost = await createApiKey(t.db, scope, { name: 'lost', role: 'WRITE', person: 'bob' })
    await revokeApiKey(t.db, scope, lost.apiKey.id)

    const { data } = await t.query(who, {}, as(admin.key))
    expect(data.persons.nodes).toEqual([
      { name: 'ada', apiKeys: { nodes: [{ name: 'admin' }], countUpTo: 1 } },
      { name: 'bob', apiKeys: { nodes: [{ name: 'laptop' }], countUpTo: 1 } },
    ])
    const revoked = await t.query(who, { filter: { includeRevoked: true, role: 'WRITE' } }, as(admin.key))
    expect(revoked.data.persons.nodes[1].apiKeys).toEqual({ nodes: [{ name: 'lost' }], countUpTo: 1 })
    const refused = await t.query(who, {}, as(reader.key))
    expect(refused.data).toEqual({ persons: null, viewer: { role: 'READ' } })
    expect(refused.errors).toMatchObject([{ path: ['persons'], extensions: { code: 'FORBIDDEN' } }])

    const all = await createApiKey(t.db, t.scope, { name: 'root', role: 'ADMIN', installation: true })
    const names = (await t.query(who, {}, as(all.key))).data.persons.nodes.map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['ada', 'bob', 'local', 'root']))
    const byName = await t.query('{ person(name: "ada") { name } }', {}, as(reader.key))
    expect(byName.data).toEqual({ person: null })
    expect(byName.errors).toMatchObject([{ path: ['person'], extensions: { code: 'FORBIDDEN' } }])
  })
})
