import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { createProject } from '../../../src/engine/projects/projects.ts'
import { testKey } from '../../helpers/model-call.ts'
import {
  type Answering,
  baseUrlOf,
  type ModelServer,
  startModelServer,
} from '../../helpers/model-server/model-server.ts'
import { testScope } from '../../helpers/scope.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let server: ModelServer
let answering: Answering
beforeAll(async () => {
  t = await startTestServer()
  server = await startModelServer((request) => answering(request), { models: ['llama3.2', 'qwen3'] })
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await server.stop()
})
beforeEach(() => t.db.pool.query('DELETE FROM provider'))

const fields = 'id name kind baseUrl region resourceName apiVersion accessKeyId keySource apiKeyVariable keySetAt'

async function mutate(name: string, input: object, selection: string, headers?: Record<string, string>) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  const document = `mutation($input: ${type}Input!) { ${name}(input: $input) {
    __typename ... on ${type}Payload { ${selection} } ... on UserError { message path }
  } }`
  const { data, errors } = await t.query(document, { input }, headers)
  expect(errors).toBeUndefined()
  return data[name]
}
const create = (input: object, headers?: Record<string, string>) =>
  mutate('createProvider', input, `provider { ${fields} }`, headers)
const update = (input: object) => mutate('updateProvider', input, `provider { ${fields} }`)
const check = (input: object) => mutate('testProvider', input, 'problem message servedModels latencyMs')

test('a provider shows everything but its key', async () => {
  const { provider } = await create({ name: 'openai', kind: 'OPENAI', apiKey: 'sk-0123456789' })
  expect(provider).toMatchObject({ name: 'openai', kind: 'OPENAI', baseUrl: null, keySource: 'STORED' })
  expect(provider.keySetAt).not.toBeNull()
  const { data } = await t.query(`{ provider(name: "openai") { ${fields} } providers { nodes { name } } }`)
  expect(data).toEqual({ provider: provider, providers: { nodes: [{ name: 'openai' }] } })
})

test('a name is used once', async () => {
  await create({ name: 'local', kind: 'OLLAMA' })
  expect(await create({ name: 'local', kind: 'VLLM' })).toMatchObject({ __typename: 'ConflictError' })
})

test.each([
  ['a name with a slash', { name: 'a/b', kind: 'OLLAMA' }, 'name', 'without "/"'],
  ['no key where there must be one', { name: 'a', kind: 'ANTHROPIC' }, 'apiKey', 'cannot be called without a key'],
  [
    'two keys',
    { name: 'a', kind: 'OPENAI', apiKey: 'sk-0123456789', apiKeyVariable: 'OPENAI_API_KEY' },
    'apiKeyVariable',
    'got both',
  ],
  [
    'a variable that is no key',
    { name: 'a', kind: 'OPENAI', apiKeyVariable: 'DATABASE_URL' },
    'apiKeyVariable',
    'ends with _API_KEY',
  ],
  [
    'the key of the secrets',
    { name: 'a', kind: 'OPENAI', apiKeyVariable: 'ASSAY_SECRET_KEY' },
    'apiKeyVariable',
    'ends with _API_KEY',
  ],
  ['a key of two words', { name: 'a', kind: 'OPENAI', apiKey: 'sk-0123 456789' }, 'apiKey', 'printable ASCII'],
  ['no address', { name: 'a', kind: 'OPENAI_COMPATIBLE' }, 'baseUrl', 'the base URL of the server'],
  ['an address that is none', { name: 'a', kind: 'OLLAMA', baseUrl: 'localhost:11434' }, 'baseUrl', 'http or https'],
  [
    'a key in the address',
    { name: 'a', kind: 'OLLAMA', baseUrl: 'http://me:secret@host/v1' },
    'baseUrl',
    'no user or password',
  ],
  [
    'a region of OpenAI',
    { name: 'a', kind: 'OPENAI', apiKey: 'sk-0123456789', region: 'eu' },
    'region',
    'none with the provider OPENAI',
  ],
  ['no region', { name: 'a', kind: 'BEDROCK', apiKey: 'sk-0123456789' }, 'region', 'expected a region'],
  [
    'no resource',
    { name: 'a', kind: 'AZURE', apiKey: 'sk-0123456789' },
    'resourceName',
    'either resourceName or baseUrl',
  ],
])('%s is refused', async (_what, input, member, message) => {
  const result = await create(input)
  expect(result).toMatchObject({ __typename: 'InvalidInputError', path: ['input', member] })
  expect(result.message).toContain(message)
  expect(result.message).not.toContain('secret@')
  expect(result.message).not.toContain('sk-0123')
})

test('a stored key goes to no other address', async () => {
  const { provider } = await create({ name: 'a', kind: 'OPENAI', apiKey: 'sk-0123456789' })
  const { id } = provider
  expect(await update({ id, baseUrl: 'https://elsewhere.example/v1' })).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'apiKey'],
  })
  const moved = await update({ id, baseUrl: 'https://elsewhere.example/v1/', apiKey: 'sk-9876543210' })
  expect(moved.provider).toMatchObject({ baseUrl: 'https://elsewhere.example/v1', keySource: 'STORED' })
})

test('keys are replaced by each other, and removed where none is needed', async () => {
  const { provider } = await create({ name: 'a', kind: 'OLLAMA', apiKey: 'sk-0123456789' })
  const { id } = provider
  const variable = await update({ id, apiKeyVariable: 'OLLAMA_API_KEY' })
  expect(variable.provider).toMatchObject({ keySource: 'VARIABLE', apiKeyVariable: 'OLLAMA_API_KEY', keySetAt: null })
  expect((await update({ id, apiKeyVariable: null })).provider).toMatchObject({ keySource: 'NONE' })
  const openai = await create({ name: 'b', kind: 'OPENAI', apiKey: 'sk-0123456789' })
  expect(await update({ id: openai.provider.id, apiKey: null })).toMatchObject({ path: ['input', 'apiKey'] })
})

describe('a test of a provider', () => {
  const connect = async (parts: object = {}) => {
    const input = { name: 'test', kind: 'OPENAI_COMPATIBLE', baseUrl: server.openai, apiKey: testKey, ...parts }
    return (await create(input)).provider.id as string
  }

  test('says that it works, and what is served', async () => {
    answering = () => ({ text: 'OK' })
    const id = await connect()
    expect(await check({ id, model: 'llama3.2' })).toMatchObject({
      problem: null,
      message: 'llama3.2 answered.',
      servedModels: ['llama3.2', 'qwen3'],
    })
  })

  test.each([
    [{ kind: 'GOOGLE' }, 'gemini-2.5-flash', ['llama3.2', 'qwen3']],
    [{ kind: 'AZURE' }, 'our-deployment', null],
    [{ kind: 'AZURE', apiVersion: '2024-10-21' }, 'our-deployment', null],
    [{ kind: 'BEDROCK', region: 'eu-central-1' }, 'amazon.nova-lite-v1:0', null],
    [{ kind: 'BEDROCK', region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE0123456' }, 'amazon.nova-lite-v1:0', null],
  ] as const)('works with %j', async (address, model, servedModels) => {
    answering = () => ({ text: 'OK' })
    const id = await connect({ ...address, baseUrl: baseUrlOf(server, address.kind) })
    expect(await check({ id, model })).toMatchObject({ problem: null, message: `${model} answered.`, servedModels })
    answering = () => ({ status: 401, type: 'UnrecognizedClientException', message: 'Not with this key' })
    expect(await check({ id, model })).toMatchObject({
      problem: 'KEY',
      message: expect.stringContaining('Not with this key'),
    })
  })

  test.each([
    ['KEY', { status: 401, type: 'x', message: 'Incorrect API key provided' }, 'correct the key'],
    [
      'MODEL',
      { status: 404, type: 'x', code: 'model_not_found', message: 'model "gone" not found' },
      'correct the model. It serves llama3.2, qwen3.',
    ],
    ['QUOTA', { status: 429, type: 'x', code: 'insufficient_quota', message: 'You exceeded' }, 'add credit'],
    ['RATE_LIMIT', { status: 429, type: 'x', message: 'Too many requests' }, 'Too many requests'],
    ['OTHER', { status: 500, type: 'x', message: 'Oh' }, 'answered 500'],
  ] as const)('says that the problem is the %s', async (problem, refusal, message) => {
    answering = ({ model }) => (model === '' ? { text: '' } : refusal)
    const result = await check({ id: await connect(), model: 'gone' })
    expect(result).toMatchObject({ problem })
    expect(result.message).toContain(message)
  })

  test('says that the address is wrong', async () => {
    answering = () => ({ text: 'OK' })
    const path = await check({ id: await connect({ baseUrl: `${server.openai}/wrong` }), model: 'm' })
    expect(path).toMatchObject({ problem: 'URL', message: expect.stringContaining('correct the base URL') })
    const gone = await startModelServer(() => ({ text: '' }))
    await gone.stop()
    const closed = await check({ id: await connect({ name: 'closed', baseUrl: gone.openai }), model: 'm' })
    expect(closed).toMatchObject({ problem: 'URL', message: expect.stringContaining('nothing is listening') })
  })

  test('says that the variable with the key is not set', async () => {
    const { provider } = await create({ name: 'v', kind: 'OPENAI', apiKeyVariable: 'UNSET_API_KEY' })
    expect(await check({ id: provider.id, model: 'm' })).toMatchObject({
      problem: 'KEY',
      message: expect.stringContaining('UNSET_API_KEY'),
    })
  })
})

test('models are listed with their prices, and the project’s own', async () => {
  const { provider } = await create({ name: 'openai', kind: 'OPENAI', apiKey: 'sk-0123456789' })
  const prices = { input: 9, output: 10 }
  await mutate('setModelPrice', { providerId: provider.id, model: 'gpt-4o-mini', ...prices }, 'modelPrice { id }')
  await mutate('setModelPrice', { providerId: provider.id, model: 'ft:mine', ...prices }, 'modelPrice { id }')
  const list = (args: string) =>
    t.query(`{ models${args} { totalCount nodes { kind name contextTokens isOverridden prices { input output cachedInput } }
      pageInfo { endCursor hasNextPage } } }`)
  const found = await list('(filter: { search: "4o mini", kind: [OPENAI] })')
  expect(found.data.models.nodes).toContainEqual({
    ...{ kind: 'OPENAI', name: 'gpt-4o-mini', contextTokens: 128_000, isOverridden: false },
    prices: { input: 0.15, output: 0.6, cachedInput: 0.075 },
  })
  const own = await list(`(filter: { providerId: "${provider.id}" }, first: 100)`)
  const overridden = own.data.models.nodes.filter(({ isOverridden }: { isOverridden: boolean }) => isOverridden)
  expect(overridden.map(({ name }: { name: string }) => name)).toEqual(['ft:mine', 'gpt-4o-mini'])
  const { endCursor } = (await list('(first: 3)')).data.models.pageInfo
  const [first, second] = [await list('(first: 4)'), await list(`(first: 1, after: "${endCursor}")`)]
  expect(second.data.models.nodes).toEqual(first.data.models.nodes.slice(3))
})

// The last: from its first key on, the server requires one.
test('only the installation sends its variables to an address of its own', async () => {
  const project = await createProject(t.db, t.scope, { name: 'theirs' })
  const scope = await testScope(t.db, project.id)
  const { key } = await createApiKey(t.db, scope, { name: 'admin', role: 'ADMIN' })
  const headers = { authorization: `Bearer ${key}` }
  const variable = { kind: 'OPENAI', apiKeyVariable: 'OPENAI_API_KEY' }
  const elsewhere = await create({ name: 'a', ...variable, baseUrl: 'https://elsewhere.example' }, headers)
  expect(elsewhere).toMatchObject({ __typename: 'ForbiddenError' })
  expect(await create({ name: 'a', ...variable }, headers)).toMatchObject({ provider: { keySource: 'VARIABLE' } })
})
