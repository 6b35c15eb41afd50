/** A refused argument takes only its own field with it: what stands beside it is answered. */
import {
  type GraphQLObjectType,
  getNamedType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  printType,
} from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

const query = schema.getQueryType() as GraphQLObjectType
const objects = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
)
const readable = objects.filter((type) => type !== schema.getMutationType() && type !== schema.getSubscriptionType())
const isConnection = (type: unknown) => getNamedType(type as GraphQLObjectType).name.endsWith('Connection')

let t: TestServer
let ids: Record<string, string>

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  const datasetId = await seedDataset(t, [1, 2])
  const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'any' })
  const run = await startRun(t.services, t.scope, { experimentId })
  const item = await t.db.prisma.datasetItem.findFirstOrThrow({ where: { datasetId } })
  const raw = { Dataset: datasetId, DatasetItem: String(item.id), Experiment: experimentId, Run: run.id }
  ids = Object.fromEntries(Object.entries(raw).map(([type, id]) => [type, encodeGlobalId(type, id)]))
})
afterAll(() => t[Symbol.asyncDispose]())

test('every field whose arguments can be refused is nullable, every list of pages among them', () => {
  const nonNull: string[] = []
  for (const type of readable) {
    for (const field of Object.values(type.getFields())) {
      const isRefusable = field.args.length > 0 || isConnection(field.type)
      if (isRefusable && isNonNullType(field.type)) nonNull.push(`${type.name}.${field.name}`)
    }
  }
  expect(nonNull).toEqual([])
})

test('every connection says how long it is', () => {
  const connections = objects.filter(isConnection)
  expect(connections.length).toBeGreaterThan(10)
  for (const type of connections) {
    const printed = printType(type)
    expect(printed).toMatch(/^ {2}totalCount: Int$/m)
    expect(printed).toMatch(/limit: Int! = 1000\n {2}\): Int$/m)
  }
})

const seeded = ['Query', 'Dataset', 'DatasetItem', 'Experiment', 'Run']
const lists = readable
  .filter(({ name }) => seeded.includes(name))
  .flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => isConnection(field.type) && !field.args.some(isRequiredArgument))
      .map((field) => [`${type.name}.${field.name}`, type, field.name] as const),
  )

const refused = {
  'first: 0': /^Expected `first` to be 1–100, got 0/,
  'first: 101': /^Expected `first` to be 1–100, got 101/,
  'first: 1, last: 1': /^Expected either `first` or `last`, got both/,
  'after: "x"': /^Expected `after` to be a cursor of this list/,
  'before: "WyJ4Il0"': /^Expected `before` to be a cursor of this list/,
}

test.each(lists)('%s is null when its arguments are refused, and its siblings stay', async (_name, type, field) => {
  for (const [args, message] of Object.entries(refused)) {
    const selection = `__typename refused: ${field}(${args}) { nodes { __typename } } good: ${field} { nodes { __typename } }`
    const document =
      type === query ? `{ ${selection} }` : `query($id: ID!) { node(id: $id) { ... on ${type.name} { ${selection} } } }`
    // Interpreted, then compiled.
    for (let n = 0; n < 2; n++) {
      const { data, errors } = await t.query(document, { id: ids[type.name] })
      const path = type === query ? ['refused'] : ['node', 'refused']
      expect(errors).toMatchObject([
        { message: expect.stringMatching(message), path, extensions: { code: 'INVALID_INPUT' } },
      ])
      const parent = type === query ? data : data.node
      expect(parent).toMatchObject({ __typename: type.name, refused: null, good: { nodes: expect.any(Array) } })
    }
  }
})

test.each(lists)('%s keeps its page when the limit of its count is refused', async (_name, type, field) => {
  const selection = `${field} { nodes { __typename } good: countUpTo bad: countUpTo(limit: 1001) zero: countUpTo(limit: 0) }`
  const document =
    type === query ? `{ ${selection} }` : `query($id: ID!) { node(id: $id) { ... on ${type.name} { ${selection} } } }`
  const { data, errors } = await t.query(document, { id: ids[type.name] })
  expect(errors).toMatchObject([
    { message: 'Expected a limit of 1–1,000, got 1001: more is not counted.', extensions: { path: ['limit'] } },
    { message: 'Expected a limit of 1–1,000, got 0: more is not counted.', extensions: { path: ['limit'] } },
  ])
  const list = (type === query ? data : data.node)[field]
  expect(list).toMatchObject({ bad: null, zero: null })
  expect(list.good).toBeGreaterThanOrEqual(list.nodes.length)
})

test('a cursor whose key was altered is refused beside what can be answered', async () => {
  const altered = Buffer.from(JSON.stringify(['CREATED_AT DESC', 'yesterday?', 'x'])).toString('base64url')
  const { data, errors } = await t.query(`{ runs(after: "${altered}") { nodes { id } } viewer { role } }`)
  expect(errors).toMatchObject([{ path: ['runs'], extensions: { code: 'INVALID_INPUT' } }])
  expect(data).toEqual({ runs: null, viewer: { role: 'ADMIN' } })
})

test('a malformed id among the ids of `nodes` is null, with an error at its place', async () => {
  const document = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } viewer { role } }'
  const unknown = Buffer.from('Run:x').toString('base64url')
  for (let n = 0; n < 2; n++) {
    const { data, errors } = await t.query(document, { ids: [ids.Dataset, 'x', unknown, ids.Run, ''] })
    expect(data).toEqual({
      nodes: [{ __typename: 'Dataset', id: ids.Dataset }, null, null, { __typename: 'Run', id: ids.Run }, null],
      viewer: { role: 'ADMIN' },
    })
    expect(errors).toMatchObject([
      { path: ['nodes', 1], extensions: { code: 'INVALID_INPUT', path: ['ids', '1'] } },
      { path: ['nodes', 4], extensions: { code: 'INVALID_INPUT', path: ['ids', '4'] } },
    ])
  }
})

test('too many ids for `nodes` leave the rest of the answer', async () => {
  const { data, errors } = await t.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } viewer { role } }', {
    ids: Array.from({ length: 101 }, () => ids.Run),
  })
  expect(errors).toMatchObject([{ path: ['nodes'], extensions: { path: ['ids'] } }])
  expect(data).toEqual({ nodes: null, viewer: { role: 'ADMIN' } })
})
