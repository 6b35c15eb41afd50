import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer

beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const limitFields = '{ id endpoint concurrency requestsPerMinute tokensPerMinute }'

async function set(input: object) {
  const { data } = await t.query(
    `mutation($input: SetEndpointLimitInput!) { setEndpointLimit(input: $input) {
      __typename ... on SetEndpointLimitPayload { endpointLimit ${limitFields} } ... on UserError { message path }
    } }`,
    { input },
  )
  return data.setEndpointLimit
}

async function list() {
  const { data } = await t.query(`{ endpointLimits { nodes ${limitFields} } }`)
  return data.endpointLimits.nodes
}

test('limits are set for the origin of a URL, replaced as a whole, listed by endpoint and deleted', async () => {
  const { endpointLimit } = await set({ endpoint: 'https://API.example.com:443/v1/chat?x={{input}}', concurrency: 5 })
  expect(endpointLimit).toMatchObject({ endpoint: 'https://api.example.com', concurrency: 5, requestsPerMinute: null })
  const module = await set({ endpoint: 'module:classify', tokensPerMinute: 90_000 })
  const replaced = await set({ endpoint: 'https://api.example.com', requestsPerMinute: 600 })
  expect(replaced.endpointLimit).toEqual({
    id: endpointLimit.id,
    endpoint: 'https://api.example.com',
    concurrency: null,
    requestsPerMinute: 600,
    tokensPerMinute: null,
  })
  expect(await list()).toEqual([replaced.endpointLimit, module.endpointLimit])

  const node = await t.query(`query($id: ID!) { node(id: $id) { ... on EndpointLimit { endpoint } } }`, {
    id: endpointLimit.id,
  })
  expect(node.data.node).toEqual({ endpoint: 'https://api.example.com' })

  const remove = async () => {
    const { data } = await t.query(
      `mutation($id: ID!) { deleteEndpointLimit(input: { id: $id }) {
        __typename ... on DeleteEndpointLimitPayload { deletedId } ... on UserError { message }
      } }`,
      { id: endpointLimit.id },
    )
    return data.deleteEndpointLimit
  }
  expect(await remove()).toEqual({ __typename: 'DeleteEndpointLimitPayload', deletedId: endpointLimit.id })
  expect(await remove()).toMatchObject({ __typename: 'NotFoundError' })
  expect(await list()).toEqual([module.endpointLimit])
})

test.each([
  [{ endpoint: 'api.example.com', concurrency: 1 }, 'endpoint', /expected a URL .*module:<name>.*, got "api/],
  [{ endpoint: 'https://', concurrency: 1 }, 'endpoint', /expected a URL/],
  [{ endpoint: 'module:', concurrency: 1 }, 'endpoint', /expected a URL/],
  [{ endpoint: 'https://a', concurrency: 0 }, 'concurrency', />=1, got 0/],
  [{ endpoint: 'https://a', requestsPerMinute: 10_000_001 }, 'requestsPerMinute', /<=10000000/],
  [{ endpoint: 'https://a' }, 'concurrency', /at least one of concurrency, requestsPerMinute and tokensPerMinute/],
])('%j is refused', async (input, path, message) => {
  expect(await set(input)).toEqual({
    __typename: 'InvalidInputError',
    path: ['input', path],
    message: expect.stringMatching(message),
  })
})
