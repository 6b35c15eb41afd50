/** Filters, look-ups by name and numbers of rows. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
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

/** The names (or `what`) of the rows that a filter leaves, with their number as it is counted. */
async function left(field: string, filter: string, what = 'name') {
  const { data, errors } = await t.query(
    `{ list: ${field}(first: 100, filter: { ${filter} }) { nodes { ${what} } totalCount countUpTo } }`,
  )
  if (errors) throw new Error(JSON.stringify(errors))
  const { nodes, countUpTo, totalCount } = data.list
  expect(countUpTo).toBe(nodes.length)
  expect(totalCount).toBeNull()
  return nodes.map((node: Record<string, string>) => node[what]) as string[]
}

describe('filters', () => {
  let limitedTo: string

  beforeAll(async () => {
    const { prisma } = t.db
    const dataset = (name: string, rest: object) =>
      prisma.dataset.create({ data: { projectId, name, seed: 's', ...rest } })
    const first = await dataset('tickets/train', {
      description: 'From 50 % of March',
      metadata: { team: 'a', tags: ['x', 'y'] },
    })
    await dataset('tickets/test', { metadata: { team: 'b', size: { min: 1, max: 2 } } })
    await dataset('faq', { description: 'Tickets that came in twice', createdAt: new Date('2020-02-02T00:00:00Z') })
    limitedTo = first.id

    const experiment = (name: string, rest: object) =>
      prisma.experiment.create({ data: { projectId, datasetId: first.id, name, task, settings: {}, ...rest } })
    await experiment('gated', { gate: { minMeans: [], notWorse: [], maxFailureRate: null }, metadata: { model: 'm1' } })
    await experiment('free', { description: 'without a Gate', createdAt: new Date('2020-02-02T00:00:00Z') })
    await prisma.experiment.create({
      data: { projectId, datasetId: await seedDataset(t, []), name: 'elsewhere', task, settings: {} },
    })

    const evaluator = (name: string, definition: object, rest: object = {}, datasets: string[] = []) =>
      prisma.evaluator.create({
        data: {
          ...{ projectId, name, ...rest },
          datasets: { create: datasets.map((datasetId) => ({ datasetId })) },
          versions: {
            create: {
              ...{ version: 1, definition, direction: 'NONE' },
              dataType: 'type' in definition ? 'BOOLEAN' : 'NUMERIC',
            },
          },
        },
      })
    await evaluator('exact', { kind: 'builtin', type: 'exactMatch' }, { description: 'The same text' })
    await evaluator('near', { kind: 'builtin', type: 'levenshtein' }, { active: false }, [first.id])
    await evaluator('judge', { kind: 'module', module: 'judge' }, {}, [await seedDataset(t, [])])
    await evaluator('gone', { kind: 'module', module: 'judge' }, { deletedAt: new Date() })
    for (const endpoint of ['module:any', 'http://127.0.0.1:9000', 'http://localhost:9000']) {
      await prisma.endpointLimit.create({ data: { projectId, endpoint, concurrency: 1 } })
    }
  })

  const on = (datasetId: string) => `datasetId: "${encodeGlobalId('Dataset', datasetId)}"`

  test('of datasets', async () => {
    expect(await left('datasets', 'search: "TICKETS"')).toEqual(['faq', 'tickets/test', 'tickets/train'])
    expect(await left('datasets', 'search: "50 %"')).toEqual(['tickets/train'])
    expect(await left('datasets', 'search: "5_ %"')).toEqual([])
    expect(await left('datasets', 'metadata: { team: "a" }')).toEqual(['tickets/train'])
    expect(await left('datasets', 'metadata: { tags: ["y"] }')).toEqual(['tickets/train'])
    expect(await left('datasets', 'metadata: { size: { max: 2 } }')).toEqual(['tickets/test'])
    expect(await left('datasets', 'metadata: { team: "a" }, search: "faq"')).toEqual([])
    const ended = 'before: "2020-02-02T00:00:00Z"'
    expect(
      await left('datasets', `createdAt: { from: "2020-02-02T00:00:00Z", before: "2020-02-03T00:00:00Z" }`),
    ).toEqual(['faq'])
    expect(await left('datasets', `createdAt: { ${ended} }`)).toEqual([])
  })

  test('of experiments', async () => {
    expect(await left('experiments', on(limitedTo))).toEqual(['gated', 'free'])
    expect(await left('experiments', 'search: "gate"')).toEqual(['gated', 'free'])
    expect(await left('experiments', 'hasGate: true')).toEqual(['gated'])
    expect(await left('experiments', 'hasGate: false')).toEqual(['elsewhere', 'free'])
    expect(await left('experiments', 'metadata: { model: "m1" }')).toEqual(['gated'])
    expect(await left('experiments', 'createdAt: { before: "2021-01-01T00:00:00Z" }')).toEqual(['free'])
    const { data } = await t.query(
      `query ($id: ID!) { node(id: $id) { ... on Dataset { experiments(filter: { hasGate: false }) { nodes { name } } } } }`,
      { id: encodeGlobalId('Dataset', limitedTo) },
    )
    expect(data.node.experiments.nodes).toEqual([{ name: 'free' }])
  })

  test('of evaluators', async () => {
    expect(await left('evaluators', '')).toEqual(['exact', 'judge', 'near'])
    expect(await left('evaluators', 'includeDeleted: true')).toEqual(['exact', 'gone', 'judge', 'near'])
    expect(await left('evaluators', 'search: "same TEXT"')).toEqual(['exact'])
    expect(await left('evaluators', 'active: true')).toEqual(['exact', 'judge'])
    expect(await left('evaluators', 'active: false')).toEqual(['near'])
    expect(await left('evaluators', on(limitedTo))).toEqual(['exact', 'near'])
    expect(await left('evaluators', 'kind: BUILTIN')).toEqual(['exact', 'near'])
    expect(await left('evaluators', 'kind: MODULE')).toEqual(['judge'])
    expect(await left('evaluators', 'type: LEVENSHTEIN')).toEqual(['near'])
    expect(await left('evaluators', 'dataType: NUMERIC')).toEqual(['judge'])
  })

  test('of endpoint limits and projects', async () => {
    expect(await left('endpointLimits', 'search: ":9000"', 'endpoint')).toEqual([
      'http://127.0.0.1:9000',
      'http://localhost:9000',
    ])
    await t.db.prisma.project.create({ data: { name: 'Sales' } })
    expect(await left('projects', 'search: "sale"')).toEqual(['Sales'])
  })

  test('a search that is too long is refused with its path', async () => {
    const { data, errors } = await t.query(
      `{ datasets(filter: { search: "${'x'.repeat(257)}" }) { nodes { id } } viewer { role } }`,
    )
    expect(errors).toMatchObject([{ path: ['datasets'], extensions: { path: ['filter', 'search'] } }])
    expect(data).toEqual({ datasets: null, viewer: { role: 'ADMIN' } })
  })
})

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

test('what a search finds in the items of a dataset it finds in the rows of a comparison', async () => {
  const texts = ['say "hi"', { text: 'say "hi"' }, { text: 'back\\slash\nline' }, 'else']
  const datasetId = await seedDataset(t, texts)
  const record = async (output: (n: number) => string | object) =>
    encodeGlobalId(
      'Run',
      await recordRun(
        t,
        datasetId,
        texts.map((_, item) => ({ item, output: output(item) as string })),
      ),
    )
  const variables = {
    dataset: encodeGlobalId('Dataset', datasetId),
    baseline: await record(() => 'x'),
    candidates: [await record((n) => (n === 3 ? { answer: 'a "quoted" one' } : 'x'))],
  }
  const found = async (search: string) => {
    const { data } = await t.query(
      `query ($dataset: ID!, $baseline: ID!, $candidates: [ID!]!, $search: String!) {
        node(id: $dataset) { ... on Dataset { items(filter: { search: $search }) { nodes { input } } } }
        compareRuns(baselineId: $baseline, candidateIds: $candidates) {
          rows(filter: { search: $search }) { nodes { datasetItem { latest { input } } } countUpTo }
        }
      }`,
      { ...variables, search },
    )
    const items = data.node.items.nodes.map(({ input }: { input: unknown }) => input)
    const { nodes, countUpTo } = data.compareRuns.rows
    const rows = nodes.map(
      ({ datasetItem }: { datasetItem: { latest: { input: unknown } } }) => datasetItem.latest.input,
    )
    expect(countUpTo).toBe(rows.length)
    // The order of a comparison is that of its schedule.
    return { items, rows: texts.filter((text) => rows.some((row: unknown) => isDeepStrictEqual(row, text))) }
  }
  const hi = texts.slice(0, 2)
  expect(await found('say "HI"')).toEqual({ items: hi, rows: hi })
  expect(await found('back\\slash\nline')).toEqual({ items: [texts[2]], rows: [texts[2]] })
  expect(await found('a "quoted"')).toEqual({ items: [], rows: ['else'] })
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
