/** Every order of every list, in both directions, over rows with equal values and rows without: paged by any size from either end. */

import { getNamedType, isEnumType, isInputObjectType } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let datasetId: string

/** Two moments for many rows, and rows without one. */
const moments = [new Date('2026-01-02T03:04:05.678Z'), new Date('2026-03-04T05:06:07.891Z')]
const momentOf = (n: number) => moments[n % 2] as Date

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  const { prisma, pool } = t.db
  const { projectId } = t.scope
  datasetId = await seedDataset(t, [1, 2, 3, 4, 5, 6, 7])
  for (let n = 0; n < 7; n++) {
    const times = { createdAt: momentOf(n), updatedAt: momentOf(n + Math.floor(n / 3)) }
    await prisma.dataset.create({ data: { projectId, name: `d${6 - n}`, seed: 's', itemCount: n % 3, ...times } })
    const task = { kind: 'module', name: 'any' }
    const experiment = await prisma.experiment.create({
      data: { projectId, datasetId, name: `e${(n * 3) % 7}`, task, settings: {}, ...times },
    })
    for (let run = 0; run < n % 3; run++) {
      await prisma.run.create({
        data: {
          ...{ projectId, datasetId, experimentId: experiment.id, datasetVersion: 1, name: 'r', seed: 's', task },
          ...{ settings: {}, total: 0, queued: 0, createdAt: momentOf(run) },
        },
      })
    }
    const definition = { kind: 'module', module: 'm' }
    await prisma.evaluator.create({
      data: {
        ...{ projectId, name: `v${n}`, deletedAt: null, ...times },
        versions: { create: { version: 1, definition, dataType: 'NUMERIC', direction: 'NONE' } },
      },
    })
    await prisma.endpointLimit.create({ data: { projectId, endpoint: `module:${n}`, concurrency: 1, ...times } })
    await prisma.scoreConfig.create({
      data: { projectId, name: `c${n}`, dataType: 'NUMERIC', direction: 'NONE', ...times },
    })
    await prisma.project.create({ data: { name: `p${n}`, createdAt: momentOf(n) } })
    const { apiKey } = await createApiKey(t.db, t.scope, { name: `k${n % 3}`, role: 'READ', person: `n${n}` })
    await pool.query('UPDATE api_key SET created_at = $2, last_used_at = $3 WHERE id = $1', [
      apiKey.id,
      momentOf(n),
      n % 3 === 0 ? null : momentOf(n),
    ])
  }
  await pool.query('UPDATE person SET created_at = $1', [moments[0]])
})
afterAll(() => t[Symbol.asyncDispose]())

interface ListUnderTest {
  /** Where the list is, and the id of its parent. */
  parent?: 'Dataset'
  field: string
  type: string
  /** What each of its orders goes by, as it is selected. */
  orders: Record<string, string>
}

const byTime = { CREATED_AT: 'createdAt', UPDATED_AT: 'updatedAt' }
const experimentOrders = { NAME: 'name', ...byTime, LATEST_RUN: 'runs(first: 1) { nodes { createdAt } }' }
const lists: ListUnderTest[] = [
  { field: 'datasets', type: 'Dataset', orders: { NAME: 'name', ...byTime, ITEM_COUNT: 'itemCount' } },
  { field: 'experiments', type: 'Experiment', orders: experimentOrders },
  { parent: 'Dataset', field: 'experiments', type: 'Experiment', orders: experimentOrders },
  { parent: 'Dataset', field: 'items', type: 'DatasetItem', orders: { ADDED: 'input' } },
  { field: 'evaluators', type: 'Evaluator', orders: { NAME: 'name', ...byTime } },
  { field: 'scoreConfigs', type: 'ScoreConfig', orders: { NAME: 'name', ...byTime } },
  { field: 'endpointLimits', type: 'EndpointLimit', orders: { ENDPOINT: 'endpoint', ...byTime } },
  { field: 'projects', type: 'Project', orders: { NAME: 'name', CREATED_AT: 'createdAt' } },
  { field: 'persons', type: 'Person', orders: { NAME: 'name', CREATED_AT: 'createdAt' } },
  {
    field: 'apiKeys',
    type: 'ApiKey',
    orders: { NAME: 'name', CREATED_AT: 'createdAt', LAST_USED_AT: 'lastUsedAt' },
  },
]

interface Page {
  nodes: { id: string; value: unknown }[]
  pageInfo: { startCursor: string; endCursor: string; hasNextPage: boolean; hasPreviousPage: boolean }
  countUpTo: number
}

async function pageOf({ parent, field }: ListUnderTest, order: object, selection: string, page: object): Promise<Page> {
  const args = [...Object.entries(page), ['orderBy', order]]
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(', ')
  const document = `${field}(${args}) {
    nodes { id value: ${selection} }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    countUpTo
  }`
  const { data, errors } = await (parent
    ? t.query(`query ($id: ID!) { node(id: $id) { ... on ${parent} { ${document} } } }`, {
        id: encodeGlobalId(parent, datasetId),
      })
    : t.query(`{ ${document} }`))
  expect(errors).toBeUndefined()
  return (parent ? data.node : data)[field]
}

/** A value as GraphQL writes it: names are not quoted. */
function literal(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, part]) => `${name}: ${part}`)
    .join(', ')} }`
}

/** The selected value: what is in it, if it is a list of at most one. */
function plain(value: unknown): string | number | null {
  if (typeof value !== 'object' || value === null) return value as string | number | null
  const [first] = (value as { nodes: object[] }).nodes
  return first ? (Object.values(first)[0] as string) : null
}

const cases = lists.flatMap((list) =>
  Object.entries(list.orders).flatMap(([field, selection]) =>
    ['ASC', 'DESC'].map(
      (direction) =>
        [
          `${list.parent ?? 'Query'}.${list.field}`,
          `${field} ${direction}`,
          list,
          { field, direction },
          selection,
        ] as const,
    ),
  ),
)

test.each(lists.map((list) => [list.type, list] as const))(
  'every order of a %s list is tested here',
  (type, { orders }) => {
    const input = schema.getType(`${type}Order`)
    if (!isInputObjectType(input)) throw new Error(`there is no ${type}Order`)
    const field = getNamedType(input.getFields().field?.type)
    if (!isEnumType(field)) throw new Error(`${type}Order has no field`)
    expect(Object.keys(orders).sort()).toEqual(
      field
        .getValues()
        .map(({ name }) => name)
        .sort(),
    )
  },
)

test.each(cases)('%s by %s: pages of any size from either end have every row once, in order', async (...args) => {
  const [, , list, order, selection] = args
  const all = await pageOf(list, order, selection, { first: 100 })
  const ids = all.nodes.map(({ id }) => id)
  expect(ids.length).toBeGreaterThanOrEqual(7)
  expect(new Set(ids).size).toBe(ids.length)
  expect(all.countUpTo).toBe(ids.length)

  const values = all.nodes.map(({ value }) => plain(value))
  const known = values.filter((value) => value !== null)
  expect(values.slice(known.length), 'rows without the value come last').toEqual(
    Array.from({ length: values.length - known.length }, () => null),
  )
  const sorted = known.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  expect(known).toEqual(order.direction === 'ASC' ? sorted : sorted.reverse())

  for (const size of [1, 3, ids.length]) {
    const forward: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const page = await pageOf(list, order, selection, { first: size, ...(after === null ? {} : { after }) })
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null)
      forward.push(...page.nodes.map(({ id }) => id))
      after = page.pageInfo.endCursor
      more = page.pageInfo.hasNextPage
    }
    expect(forward).toEqual(ids)
    const backward: string[] = []
    for (let before: string | null = null, more = true; more; ) {
      const page = await pageOf(list, order, selection, { last: size, ...(before === null ? {} : { before }) })
      expect(page.pageInfo.hasNextPage).toBe(before !== null)
      backward.unshift(...page.nodes.map(({ id }) => id))
      before = page.pageInfo.startCursor
      more = page.pageInfo.hasPreviousPage
    }
    expect(backward).toEqual(ids)
  }
})
