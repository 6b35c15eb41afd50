/** Numbers of a request are kept exactly or refused with their path, however they arrive. */
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { seedDataset } from '../helpers/engine.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let datasetId: string

beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  datasetId = encodeGlobalId('Dataset', await seedDataset(t, []))
})
afterAll(() => t[Symbol.asyncDispose]())

const upsert = `mutation ($input: UpsertDatasetItemsInput!) { upsertDatasetItems(input: $input) {
  ... on UpsertDatasetItemsPayload { dataset { items(last: 1) { nodes { input } } } } ... on UserError { message path }
} }`

/** A request whose variables are this text: a number must not be rounded before it is sent. */
async function post(input: string) {
  const variables = `{"input":{"datasetId":"${datasetId}","items":[{"key":"k","input":${input}}]}}`
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(upsert)},"variables":${variables}}`,
  })
  return { status: response.status, body: (await response.json()) as { data?: unknown; errors?: unknown[] } }
}

const stored = async () =>
  (await t.db.pool.query('SELECT input::text FROM dataset_item_revision WHERE valid_to IS NULL')).rows

const kept = ['9007199254740992', '-0.1', '1e22', '1.50', '2.5e-320', '12345678901234567168', '1180591620717411303424']
const lost = ['9007199254740993', '1e400', '-1E309', '0.1234567890123456789', '1e-400', '12345678901234567891']

test.for(kept)('%s in variables is stored with its value', async (number) => {
  expect((await post(`{"n":${number}}`)).body.errors).toBeUndefined()
  const [row] = await stored()
  expect(Number(JSON.parse(row.input).n)).toBe(Number(number))
})

test.for(lost)('%s in variables is refused with its path, and nothing is stored', async (number) => {
  const before = await stored()
  expect(await post(`{"a":[true,{"n":${number}}]}`)).toMatchObject({
    status: 400,
    body: {
      errors: [
        {
          message: expect.stringContaining(
            `input.items.0.input.a.1.n: expected a number that a double can hold exactly`,
          ),
          extensions: { code: 'INVALID_INPUT', path: ['input', 'items', '0', 'input', 'a', '1', 'n'] },
        },
      ],
    },
  })
  expect(await stored()).toEqual(before)
})

test.for([...lost, 'spam'])('%s inline is refused with its path', async (literal) => {
  const before = await stored()
  const { data, errors } = await t.query(
    `mutation { upsertDatasetItems(input: { datasetId: "${datasetId}", items: [{ input: { a: [1, { n: ${literal} }] } }] }) {
      __typename } }`,
  )
  expect(data ?? null).toBeNull()
  expect(errors).toMatchObject([{ message: expect.stringMatching(/^a\.1\.n: expected /) }])
  expect(await stored()).toEqual(before)
})

test('literals keep texts, variables and every other number', async () => {
  const { data, errors } = await t.query(
    `mutation ($x: JSON) { upsertDatasetItems(input: { datasetId: "${datasetId}", items: [
      { key: "k", input: { n: [${kept.join()}], x: $x, t: "9007199254740993", none: null } }] }) { __typename } }`,
    { x: { deep: [1.5] } },
  )
  expect([data, errors]).toMatchObject([{ upsertDatasetItems: { __typename: 'UpsertDatasetItemsPayload' } }, undefined])
  const [row] = await stored()
  expect(JSON.parse(row.input)).toEqual({ n: kept.map(Number), x: { deep: [1.5] }, t: '9007199254740993', none: null })
})

test('a query string with such a number is refused', async () => {
  const query = new URLSearchParams({ query: '{ viewer { role } }', variables: '{"filter":{"metadata":{"n":1e999}}}' })
  const response = await fetch(`${t.url}/graphql?${query}`)
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { errors: [{ extensions: { path: ['filter', 'metadata', 'n'] } }] },
  ])
})

test('over a WebSocket the operation is refused, and the socket goes on', async () => {
  const client = createClient({
    url: `${t.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    jsonMessageReplacer: (_key, value) => value,
    retryAttempts: 0,
  })
  onTestFinished(() => client.dispose() as Promise<void>)
  const ask = (n: unknown) =>
    client
      .iterate({ query: 'query ($n: JSON) { runs(filter: { metadata: $n }) { nodes { id } } }', variables: { n } })
      .next()
  // biome-ignore lint/suspicious/noExplicitAny: JSON.rawJSON is newer than the types
  const raw = (JSON as any).rawJSON('9007199254740993')
  await expect(ask({ id: raw })).rejects.toMatchObject([{ extensions: { code: 'INVALID_INPUT', path: ['n', 'id'] } }])
  expect(await ask({ id: 1 })).toMatchObject({ value: { data: { runs: { nodes: [] } } } })
})
