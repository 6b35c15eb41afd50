/** Every kind of refusal carries a code of the enum ErrorCode and a sentence, over every transport. */
import { once } from 'node:events'
import { type RequestOptions, request } from 'node:http'
import type { GraphQLEnumType, GraphQLFormattedError } from 'graphql'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import WebSocket from 'ws'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import type { ErrorCode } from '../../src/domain/errors.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { startRun } from '../../src/engine/runs/start-run.ts'
import { seedDataset, seedExperiment } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

/** A server that needs no key, and one that does. */
let open: TestServer
let keyed: TestServer
let run: string
let key: string
let cursors: { ofRun: string; expired: string }
beforeAll(async () => {
  open = await startTestServer({}, { arrivalMs: 300 })
  const experimentId = await seedExperiment(open, await seedDataset(open, [1]), { kind: 'module', name: 'none' })
  const { id } = await startRun(open.services, open.scope, { experimentId })
  run = encodeGlobalId('Run', id)
  const batches = await open.feeds.subscribe(open.scope, id, null, AbortSignal.timeout(30_000))
  const batch = await batches.next()
  await batches.return(undefined)
  const [, ...place] = Buffer.from(batch.value.cursor, 'base64url').toString().split(':')
  const expired = Buffer.from(['0'.repeat(16), ...place].join(':')).toString('base64url')
  cursors = { ofRun: batch.value.cursor, expired }

  keyed = await startTestServer()
  key = (await createApiKey(keyed.db, keyed.scope, { name: 'me', role: 'READ' })).key
  await createProject(keyed.db, keyed.scope, { name: 'other' })
  const needsKey = async () => expect((await keyed.query('{ __typename }')).status).toBe(401)
  await vi.waitFor(needsKey, { timeout: 20_000 })
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  await keyed[Symbol.asyncDispose]()
})

const codes = (schema.getType('ErrorCode') as GraphQLEnumType).getValues().map(({ name }) => name)

function expectRefused(errors: readonly GraphQLFormattedError[] | undefined, code: ErrorCode) {
  expect(errors?.length).toBeGreaterThan(0)
  for (const { message, extensions } of errors ?? []) {
    // graphql-js ends its own sentences as it likes.
    expect(message).toMatch(code.startsWith('GRAPHQL_') || message.startsWith('Variable ') ? /^[A-Z]/ : /^[A-Z].*\.$/)
    expect(codes).toContain(extensions?.code)
    expect(extensions?.code).toBe(code)
    expect(extensions).not.toHaveProperty('http')
  }
}

interface Request extends RequestOptions {
  body?: string | Buffer
  server?: TestServer
}

const json = { 'content-type': 'application/json' }
const post = (body: object, headers: object = {}): Request => ({
  method: 'POST',
  path: '/graphql',
  headers: { ...json, ...headers },
  body: JSON.stringify(body),
})

async function send({ body, server = open, ...options }: Request) {
  const { hostname, port } = new URL(server.url)
  const sent = request({ hostname, port, ...options })
  sent.on('error', () => {})
  onTestFinished(() => void sent.destroy())
  sent.end(body)
  const [response] = await once(sent, 'response')
  const text = Buffer.concat(await Array.fromAsync(response)).toString()
  return { status: response.statusCode, type: response.headers['content-type'], body: JSON.parse(text) }
}

const large = 'x'.repeat(4 * 1024 * 1024 + 1)
const runFeed = 'subscription ($id: ID!, $after: String) { runFeed(runId: $id, after: $after) { cursor } }'

describe('over HTTP', () => {
  test.each<[what: string, status: number, code: ErrorCode, request: () => Request]>([
    ['no key', 401, 'UNAUTHENTICATED', () => ({ ...post({ query: '{ __typename }' }), server: keyed })],
    ['an unknown key', 401, 'UNAUTHENTICATED', () => ({ ...post({}, { authorization: 'Bearer x' }), server: keyed })],
    [
      'the project of another key',
      403,
      'FORBIDDEN',
      () => ({ ...post({}, { authorization: `Bearer ${key}`, 'x-assay-project': 'other' }), server: keyed }),
    ],
    ['another project than there is', 404, 'NOT_FOUND', () => post({}, { 'x-assay-project': 'nowhere' })],
    ['a page of another origin', 403, 'FORBIDDEN', () => post({}, { origin: 'https://evil.example' })],
    ['a name of another machine', 403, 'FORBIDDEN', () => post({}, { host: 'evil.example' })],
    ['a host without sense', 403, 'FORBIDDEN', () => post({}, { host: 'a b' })],
    ['an unknown path', 404, 'NOT_FOUND', () => ({ path: '/nothing' })],
    ['an unknown file', 404, 'NOT_FOUND', () => ({ path: '/graphiql/nothing.js' })],
    ['another method', 405, 'METHOD_NOT_ALLOWED', () => ({ path: '/graphql', method: 'PUT' })],
    [
      'a mutation by GET',
      405,
      'METHOD_NOT_ALLOWED',
      () => ({
        path: `/graphql?query=${encodeURIComponent('mutation { createProject(input: { name: "x" }) { __typename } }')}`,
      }),
    ],
    ['a subscription in parts', 406, 'NOT_ACCEPTABLE', () => subscription('multipart/mixed')],
    [
      'a subscription in parts, as Apollo Client asks',
      406,
      'NOT_ACCEPTABLE',
      () => subscription('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'),
    ],
    ['a query in parts', 406, 'NOT_ACCEPTABLE', () => post({ query: '{ __typename }' }, { accept: 'multipart/mixed' })],
    ['an image', 406, 'NOT_ACCEPTABLE', () => post({ query: '{ __typename }' }, { accept: 'image/png' })],
    [
      'a body that does not arrive',
      408,
      'LIMIT',
      () => ({ ...post({}), body: undefined, headers: { ...json, 'content-length': 9 } }),
    ],
    ['a large body', 413, 'LIMIT', () => ({ ...post({}), body: large })],
    ['a form', 415, 'UNSUPPORTED_MEDIA_TYPE', () => ({ ...post({}), headers: { 'content-type': 'text/plain' } })],
    ['bytes that are no text', 400, 'INVALID_INPUT', () => ({ ...post({}), body: Buffer.from([0x22, 0xff, 0x22]) })],
    ['a body that is no JSON', 400, 'INVALID_INPUT', () => ({ ...post({}), body: '{' })],
    [
      'a body without an operation',
      400,
      'INVALID_INPUT',
      () => post({}, { accept: 'application/graphql-response+json' }),
    ],
    ['a body of several operations', 400, 'INVALID_INPUT', () => post([{ query: '{ __typename }' }])],
    ['an unknown member of the body', 400, 'INVALID_INPUT', () => post({ query: '{ __typename }', what: 1 })],
    ['an unknown operation', 400, 'INVALID_INPUT', () => post({ query: 'query A { __typename }', operationName: 'B' })],
  ])('%s: %i %s', async (_what, status, code, made) => {
    const answer = await send(made())
    expect(answer).toMatchObject({
      status,
      type: expect.stringMatching(/^application\/(graphql-response\+)?json; charset=utf-8$/),
    })
    expectRefused(answer.body.errors, code)
  })

  test('a subscription in parts is told what is served', async () => {
    const { body } = await send(subscription('multipart/mixed'))
    expect(body.errors[0].message).toMatch(/text\/event-stream.*WebSocket.*got "multipart\/mixed"/)
    await expect.poll(() => open.feeds.subscribers).toBe(0)
  })

  test('a mutation whose answer the client does not take is not executed', async () => {
    const count = () => open.db.prisma.project.count()
    const before = await count()
    const query = 'mutation { createProject(input: { name: "in parts" }) { __typename } }'
    const { status } = await send(post({ query }, { accept: 'multipart/mixed' }))
    expect(status).toBe(406)
    expect(await count()).toBe(before)
  })

  test('a WebSocket that may not be opened', async () => {
    const socket = new WebSocket(`${open.url.replace('http', 'ws')}/other`, 'graphql-transport-ws')
    const [, response] = await once(socket, 'unexpected-response')
    const text = Buffer.concat(await Array.fromAsync(response)).toString()
    expectRefused(JSON.parse(text).errors, 'FORBIDDEN')
  })

  function subscription(accept: string): Request {
    return post({ query: runFeed, variables: { id: run } }, { accept })
  }
})

const ofDocuments: [what: string, code: ErrorCode, query: string, variables?: object][] = [
  ['what is no GraphQL', 'GRAPHQL_PARSE_FAILED', '{ viewer {'],
  ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', '{ nonsense }'],
  ['a literal of another type', 'GRAPHQL_VALIDATION_FAILED', '{ runs(first: "x") { nodes { id } } }'],
  ['a variable of another type', 'INVALID_INPUT', 'query ($n: Int) { runs(first: $n) { nodes { id } } }', { n: 'x' }],
  ['a missing variable', 'INVALID_INPUT', 'query ($id: ID!) { node(id: $id) { id } }'],
  [
    'a null for what must not be null',
    'INVALID_INPUT',
    'query ($n: Int) { runs { countUpTo(limit: $n) } }',
    { n: null },
  ],
  ['too many characters', 'LIMIT', `# ${'x'.repeat(100_000)}\n{ __typename }`],
  ['too many tokens', 'LIMIT', `{ viewer { ${'role '.repeat(5_000)} } }`],
  ['brackets nested too deep', 'LIMIT', `{ a(b: ${'['.repeat(4_000)}`],
  ['too many aliases', 'LIMIT', `{ ${Array.from({ length: 51 }, (_, n) => `a${n}: __typename`).join(' ')} }`],
  [
    'too many levels',
    'LIMIT',
    `{ runs { nodes { ${'experiment { runs { nodes { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`,
  ],
  ['too many objects', 'LIMIT', '{ runs(first: 100) { nodes { items(first: 100) { nodes { scores { id } } } } } }'],
  ['a page that is too large', 'INVALID_INPUT', '{ runs(first: 1000) { nodes { id } } }'],
  ['an id that is none', 'INVALID_INPUT', '{ node(id: "x") { id } }'],
  ['an id that is none among others', 'INVALID_INPUT', '{ nodes(ids: ["x"]) { id } }'],
  [
    'an id of another kind',
    'INVALID_INPUT',
    `{ runs(filter: { datasetId: "${encodeGlobalId('Score', '1')}" }) { nodes { id } } }`,
  ],
]

describe('of documents and variables', () => {
  test.each(ofDocuments)('%s: %s, over HTTP, SSE and WebSocket alike', async (_what, code, query, variables) => {
    expectRefused((await open.query(query, variables)).errors, code)
    expectRefused((await overSse(query, variables)).errors, code)
    expectRefused((await overWebSocket(query, variables)).errors, code)
  })
})

test('an operation on an open WebSocket whose project is gone keeps its code', async () => {
  const { id } = await createProject(open.db, open.scope, { name: 'short-lived' })
  const client = createWsClient({
    url: `${open.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazyCloseTimeout: 60_000,
    connectionParams: { project: 'short-lived' },
  })
  onTestFinished(() => client.dispose())
  const ask = () => client.iterate({ query: '{ __typename }' }).next()
  expect((await ask()).value).toEqual({ data: { __typename: 'Query' } })
  await open.db.prisma.project.update({ where: { id }, data: { name: 'renamed' } })
  const errors = await ask().catch((refused: GraphQLFormattedError[]) => refused)
  expectRefused(errors as GraphQLFormattedError[], 'NOT_FOUND')
})

describe('of feeds', () => {
  test.each<[what: string, code: ErrorCode, path: string, variables: () => object]>([
    [
      'an unknown run',
      'NOT_FOUND',
      'runId',
      () => ({ id: encodeGlobalId('Run', '00000000-0000-0000-0000-000000000000') }),
    ],
    ['an id of another kind', 'INVALID_INPUT', 'runId', () => ({ id: encodeGlobalId('Score', '1') })],
    ['a cursor that is none', 'INVALID_INPUT', 'after', () => ({ id: run, after: 'x' })],
    ['an altered cursor', 'INVALID_INPUT', 'after', () => ({ id: run, after: `${cursors.ofRun}AAAA` })],
    [
      'a cursor from before the database was restored',
      'CURSOR_EXPIRED',
      'after',
      () => ({ id: run, after: cursors.expired }),
    ],
  ])('%s: %s with the path of the field and of the argument', async (_what, code, path, variables) => {
    for (const ask of [overSse, overWebSocket]) {
      // Interpreted the first time, compiled the second.
      for (const _time of [1, 2]) {
        const { errors } = await ask(runFeed, variables())
        expectRefused(errors, code)
        expect(errors?.[0]).toMatchObject({
          message: expect.stringMatching(code === 'NOT_FOUND' ? /^There is no/ : /^Expected .*, got /),
          path: ['runFeed'],
          extensions: { path: [path] },
        })
      }
    }
  })

  test.each([
    ['comparisonFeed', '($id: ID!)', '(baselineId: $id, candidateIds: [$id], after: "x")'],
    ['runsFeed', '', '(after: "x")'],
  ])('an unknown cursor of %s', async (name, variables, args) => {
    const { errors } = await overSse(`subscription ${variables} { ${name}${args} { cursor } }`, { id: run })
    expectRefused(errors, 'INVALID_INPUT')
    expect(errors?.[0]).toMatchObject({ path: [name], extensions: { path: ['after'] } })
  })
})

interface Answer {
  errors?: readonly GraphQLFormattedError[]
}

async function overSse(query: string, variables: object = {}): Promise<Answer> {
  const client = createSseClient({ url: `${open.url}/graphql`, retryAttempts: 0 })
  try {
    for await (const answer of client.iterate({ query, variables: { ...variables } })) return answer as Answer
  } catch (error) {
    return { errors: Array.isArray(error) ? error : [error as GraphQLFormattedError] }
  } finally {
    client.dispose()
  }
  return {}
}

async function overWebSocket(query: string, variables: object = {}): Promise<Answer> {
  const url = `${open.url.replace('http', 'ws')}/graphql`
  const client = createWsClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  try {
    for await (const answer of client.iterate({ query, variables: { ...variables } })) return answer as Answer
  } catch (error) {
    return { errors: error as GraphQLFormattedError[] }
  } finally {
    await client.dispose()
  }
  return {}
}
