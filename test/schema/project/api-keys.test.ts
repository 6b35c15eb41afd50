import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import type { Role } from '../../../src/domain/scope.ts'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { createProject } from '../../../src/engine/projects/projects.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { testScope } from '../../helpers/scope.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
/** An ADMIN of the installation, of the project `mine` and of the project `other`. */
let root: Record<string, string>
let mine: Record<string, string>
let other: Record<string, string>
beforeAll(async () => {
  t = await startTestServer()
  root = await makeKey({ installation: true, name: 'root' })
  mine = await makeKey({ projectId: (await createProject(t.db, t.scope, { name: 'mine' })).id, name: 'boss' })
  other = await makeKey({ projectId: (await createProject(t.db, t.scope, { name: 'other' })).id, name: 'boss' })
})
afterAll(() => t[Symbol.asyncDispose]())

async function makeKey({
  projectId = t.scope.projectId,
  name = randomUUID() as string,
  role = 'ADMIN' as Role,
  installation = false,
}) {
  const { key } = await createApiKey(t.db, await testScope(t.db, projectId), { name, role, installation })
  return { authorization: `Bearer ${key}` }
}

const createDocument = `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  __typename
  ... on CreateApiKeyPayload { key apiKey { id name prefix role project { name } person { id name } lastUsedAt revokedAt } }
  ... on UserError { message path }
} }`
const revokeDocument = `mutation($id: ID!) { revokeApiKey(input: { id: $id }) {
  __typename ... on RevokeApiKeyPayload { apiKey { id revokedAt } } ... on UserError { message path }
} }`
const listDocument = `query($first: Int, $after: String, $prefix: String, $includeRevoked: Boolean! = false) {
  apiKeys(first: $first, after: $after, filter: { prefix: $prefix, includeRevoked: $includeRevoked }) {
    nodes { id name } pageInfo { endCursor hasNextPage }
  }
}`

test('a key is shown once, and only its hash is stored', async () => {
  const { data } = await t.query(createDocument, { input: { name: 'ci', role: 'WRITE', person: 'robot' } }, mine)
  const { key, apiKey } = data.createApiKey
  expect(apiKey).toMatchObject({
    name: 'ci',
    prefix: key.slice(0, 12),
    role: 'WRITE',
    project: { name: 'mine' },
    person: { name: 'robot' },
    lastUsedAt: null,
    revokedAt: null,
  })
  const stored = await t.db.prisma.apiKey.findFirstOrThrow({ where: { name: 'ci' } })
  expect(Buffer.from(stored.sha256)).toEqual(createHash('sha256').update(key).digest())
  expect(JSON.stringify(stored)).not.toContain(key)
  const { data: seen } = await t.query('{ viewer { role person { id name } } }', {}, { authorization: `Bearer ${key}` })
  expect(seen.viewer).toEqual({ role: 'WRITE', person: apiKey.person })
})

test('keys of a project exist for its ADMIN and for the installation only', async () => {
  const { data } = await t.query(createDocument, { input: { name: 'hidden', role: 'READ' } }, mine)
  const { id, person } = data.createApiKey.apiKey
  const names = async (headers: Record<string, string>) =>
    (await t.query(listDocument, { first: 100 }, headers)).data.apiKeys.nodes.map(({ name }: { name: string }) => name)
  expect(await names(mine)).toEqual(expect.arrayContaining(['boss', 'hidden']))
  expect(await names(mine)).not.toContain('root')
  expect(await names(other)).toEqual(['boss'])
  expect(await names(root)).toEqual(expect.arrayContaining(['root', 'boss', 'hidden']))

  const nodes = async (headers: Record<string, string>) =>
    (await t.query('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [id, person.id] }, headers)).data.nodes
  expect(await nodes(mine)).toEqual([{ id }, { id: person.id }])
  expect(await nodes(root)).toEqual([{ id }, { id: person.id }])
  expect(await nodes(other)).toEqual([null, null])

  const reader = await makeKey({ role: 'WRITE', projectId: (await projectNamed('mine')).id })
  expect(await nodes(reader)).toEqual([null, { id: person.id }])
  const refused = await t.query(listDocument, {}, reader)
  expect(refused.data).toEqual({ apiKeys: null })
  expect(refused.errors).toMatchObject([{ path: ['apiKeys'], extensions: { code: 'FORBIDDEN' } }])
})

test('a revoked key stays revoked, and is listed only when asked for', async () => {
  const { data } = await t.query(createDocument, { input: { name: 'gone', role: 'READ' } }, mine)
  const { key, apiKey } = data.createApiKey
  const revoke = async (headers: Record<string, string>) =>
    (await t.query(revokeDocument, { id: apiKey.id }, headers)).data.revokeApiKey
  expect(await revoke(other)).toMatchObject({ __typename: 'NotFoundError', path: ['input', 'id'] })
  const first = await revoke(mine)
  expect(first.apiKey.revokedAt).not.toBeNull()
  expect(await revoke(root)).toEqual(first)
  expect(await t.query('{ __typename }', {}, { authorization: `Bearer ${key}` })).toMatchObject({ status: 401 })
  const listed = async (variables: object) =>
    (await t.query(listDocument, { prefix: apiKey.prefix, ...variables }, mine)).data.apiKeys.nodes
  expect(await listed({})).toEqual([])
  expect(await listed({ includeRevoked: true })).toEqual([{ id: apiKey.id, name: 'gone' }])
})

test('lists page', async () => {
  const everything = await t.query(listDocument, { first: 100, includeRevoked: true }, root)
  const paged: object[] = []
  for (let after: string | null = null, more = true; more; ) {
    const { data } = await t.query(listDocument, { first: 2, after, includeRevoked: true }, root)
    paged.push(...data.apiKeys.nodes)
    after = data.apiKeys.pageInfo.endCursor
    more = data.apiKeys.pageInfo.hasNextPage
  }
  expect(paged).toEqual(everything.data.apiKeys.nodes)
  const projects = '{ projects { nodes { id name } } }'
  const seen = (await t.query(projects, {}, root)).data.projects.nodes
  expect(seen.map(({ name }: { name: string }) => name)).toEqual(['default', 'mine', 'other'])
  const own = (await t.query(projects, {}, mine)).data.projects.nodes
  expect(own).toEqual([{ id: encodeGlobalId('Project', (await projectNamed('mine')).id), name: 'mine' }])
  const node = async (headers: Record<string, string>) =>
    (await t.query('query($id: ID!) { node(id: $id) { id } }', { id: own[0].id }, headers)).data.node
  expect(await node(root)).toEqual({ id: own[0].id })
  expect(await node(other)).toBeNull()
})

test('only the installation makes keys of the installation and projects, each name once', async () => {
  const make = async (headers: Record<string, string>) =>
    (await t.query(createDocument, { input: { name: 'x', role: 'READ', installation: true } }, headers)).data
      .createApiKey.__typename
  expect(await make(mine)).toBe('ForbiddenError')
  expect(await make(root)).toBe('CreateApiKeyPayload')
  const project = async (name: string) =>
    (
      await t.query(
        'mutation($name: String!) { createProject(input: { name: $name }) { __typename ... on CreateProjectPayload { project { name } } } }',
        { name },
        root,
      )
    ).data.createProject
  expect(await project('new')).toEqual({ __typename: 'CreateProjectPayload', project: { name: 'new' } })
  expect(await project('new')).toEqual({ __typename: 'ConflictError' })
  expect(await project(' new')).toEqual({ __typename: 'InvalidInputError' })
})

test('nobody in a project takes the name of a person of the installation', async () => {
  const { data } = await t.query(createDocument, { input: { name: 'ops', role: 'READ', person: 'root' } }, mine)
  expect(data.createApiKey).toMatchObject({ __typename: 'ConflictError', path: ['input', 'person'] })
  const given = await t.query(createDocument, { input: { name: 'ops', role: 'READ', person: 'root' } }, root)
  expect(given.data.createApiKey.apiKey.person.name).toBe('root')
})

test('scores and approvals bear the name of the person whose key they came with', async () => {
  const headers = await makeKey({ name: 'ann', role: 'WRITE' })
  const runId = encodeGlobalId('Run', await recordRun(t, await seedDataset(t, [1]), [{ item: 0 }]))
  const { data } = await t.query(
    `mutation($runId: ID!) {
      setScore(input: { target: { runId: $runId }, name: "tone", value: 1 }) { ... on SetScorePayload { score { author } } }
      approveBaseline(input: { runId: $runId }) { ... on ApproveBaselinePayload { dataset { baseline { author } } } }
    }`,
    { runId },
    headers,
  )
  expect(data).toEqual({
    setScore: { score: { author: 'ann' } },
    approveBaseline: { dataset: { baseline: { author: 'ann' } } },
  })
})

const projectNamed = (name: string) => t.db.prisma.project.findUniqueOrThrow({ where: { name } })
