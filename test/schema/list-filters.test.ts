/** What each part of a filter leaves, and that the same is counted. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createPrompt, setPromptArchived, updatePrompt } from '../../src/engine/prompts/prompts.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let projectId: string
let limitedTo: string

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

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  projectId = t.scope.projectId
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

afterAll(() => t[Symbol.asyncDispose]())

const on = (datasetId: string) => `datasetId: "${encodeGlobalId('Dataset', datasetId)}"`

test('the filters of datasets', async () => {
  expect(await left('datasets', 'search: "TICKETS"')).toEqual(['faq', 'tickets/test', 'tickets/train'])
  expect(await left('datasets', 'search: "50 %"')).toEqual(['tickets/train'])
  expect(await left('datasets', 'search: "5_ %"')).toEqual([])
  expect(await left('datasets', 'metadata: { team: "a" }')).toEqual(['tickets/train'])
  expect(await left('datasets', 'metadata: { tags: ["y"] }')).toEqual(['tickets/train'])
  expect(await left('datasets', 'metadata: { size: { max: 2 } }')).toEqual(['tickets/test'])
  expect(await left('datasets', 'metadata: { team: "a" }, search: "faq"')).toEqual([])
  const ended = 'before: "2020-02-02T00:00:00Z"'
  expect(await left('datasets', `createdAt: { from: "2020-02-02T00:00:00Z", before: "2020-02-03T00:00:00Z" }`)).toEqual(
    ['faq'],
  )
  expect(await left('datasets', `createdAt: { ${ended} }`)).toEqual([])
})

test('the filters of experiments', async () => {
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

test('the filters of evaluators', async () => {
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

test('the filters of endpoint limits, score configurations and projects', async () => {
  expect(await left('endpointLimits', 'search: ":9000"', 'endpoint')).toEqual([
    'http://127.0.0.1:9000',
    'http://localhost:9000',
  ])
  for (const name of ['helpful', 'harmful']) {
    const data = { projectId: t.scope.projectId, name, dataType: 'NUMERIC', direction: 'NONE' } as const
    await t.db.prisma.scoreConfig.create({ data })
  }
  expect(await left('scoreConfigs', 'search: "HARM"')).toEqual(['harmful'])
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

test('the filters of prompts', async () => {
  const message = (content: string) => ({ messages: [{ role: 'USER', content }] })
  const create = (name: string, content: string, rest: object = {}) =>
    createPrompt(t.services, t.scope, { name, content: message(content), ...rest })
  const { id } = await create('tickets/classify', 'Classify: {{input}}', {
    description: 'For the queue',
    labels: ['production'],
  })
  await create('tickets/answer', 'Answer "{{input}}"', { metadata: { team: 'a' }, labels: ['staging'] })
  const old = await create('old', 'Sort {{input}}', { labels: ['production'] })
  await setPromptArchived(t.services, t.scope, { id: old.id, archived: true })
  await updatePrompt(t.services, t.scope, { id, content: message('Sort: {{input}}') })

  expect(await left('prompts', '')).toEqual(['tickets/answer', 'tickets/classify'])
  expect(await left('prompts', 'includeArchived: true')).toEqual(['old', 'tickets/answer', 'tickets/classify'])
  expect(await left('prompts', 'search: "QUEUE"')).toEqual(['tickets/classify'])
  expect(await left('prompts', 'search: "sort"')).toEqual(['tickets/classify'])
  expect(await left('prompts', 'search: "Classify:"')).toEqual([])
  expect(await left('prompts', 'search: "answer \\"{{"')).toEqual(['tickets/answer'])
  expect(await left('prompts', 'label: "production"')).toEqual(['tickets/classify'])
  expect(await left('prompts', 'label: "production", search: "answer"')).toEqual([])
  expect(await left('prompts', 'metadata: { team: "a" }')).toEqual(['tickets/answer'])
  expect(await left('prompts', 'createdAt: { before: "2020-01-01T00:00:00Z" }')).toEqual([])
})
