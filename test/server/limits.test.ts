import { getIntrospectionQuery } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { limits } from '../../src/server/limits/use-document-limits.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { recordStatements } from '../helpers/statements.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

const nested = (depth: number) =>
  `{ runs { nodes { ${'experiment { dataset { experiments { nodes { '.repeat(depth)} id ${'} } } }'.repeat(depth)} } } }`

const tooMuch: Record<string, string> = {
  depth: nested(5),
  aliases: `{ ${Array.from({ length: 51 }, (_, i) => `a${i}: viewer { role }`).join(' ')} }`,
  tokens: `{ viewer { ${'role '.repeat(5_000)} } }`,
  characters: `# ${'x'.repeat(100_000)}\n{ viewer { role } }`,
  fragments: `{ runs { ...F0 } } ${Array.from({ length: 30 }, (_, n) => `fragment F${n} on RunConnection { ...F${n + 1} ...F${n + 1} }`).join(' ')}
    fragment F30 on RunConnection { totalCount }`,
  cost: '{ runs(first: 100) { nodes { items(first: 100) { nodes { scores { run { id } } } } } } }',
}

async function overWebSocket(query: string, variables?: Record<string, unknown>): Promise<string> {
  const client = createClient({
    url: `${t.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  })
  try {
    return JSON.stringify(await Array.fromAsync(client.iterate({ query, variables })))
  } catch (error) {
    return JSON.stringify(error)
  } finally {
    await client.dispose()
  }
}

for (const [limit, query] of Object.entries(tooMuch)) {
  test(`a document above the limit of ${limit} is refused before anything is executed, over HTTP and WebSocket`, async () => {
    const [{ data, errors }, statements] = await recordStatements(() => t.query(query))
    expect(data ?? null).toBeNull()
    const message = errors?.[0]?.message
    expect(message).toMatch(/the limit is/)
    expect(errors?.[0]?.extensions?.code).toBe('LIMIT')
    const [answer, moreStatements] = await recordStatements(() => overWebSocket(query))
    expect(answer).toContain(JSON.stringify(message))
    expect([...statements, ...moreStatements]).toEqual([])
  })
}

test('the cost of a page is that of its size in variables too', async () => {
  const query = `query($n: Int) { runs(first: $n) { nodes { items(first: $n) { nodes { scores { run { id } } } } } } }`
  expect((await t.query(query, { n: 10 })).errors).toBeUndefined()
  expect((await t.query(query, { n: 100 })).errors?.[0]?.message).toContain('objects; the limit is 50,000')
})

test('defaults of variables and of arguments count like values', async () => {
  const query = `query($n: Int = 100) { runs(first: $n) { nodes { items(first: $n) { nodes { scores { run { id } } } } } } }`
  expect((await t.query(query)).errors?.[0]?.message).toContain('objects; the limit is 50,000')
  const trends = '{ datasets(first: 10) { nodes { runTrends { run { items(first: 100) { nodes { id } } } } } } }'
  expect((await t.query(trends)).errors?.[0]?.message).toContain('objects; the limit is 50,000')
})

test('fragments that spread each other many times are measured in linear time', async () => {
  const fragments = Array.from(
    { length: 40 },
    (_, i) => `fragment f${i} on Dataset { ${i < 39 ? `...f${i + 1} ...f${i + 1}` : 'x: name y: name'} }`,
  )
  const { errors } = await t.query(`{ datasets { nodes { ...f0 } } } ${fragments.join(' ')}`)
  expect(errors?.[0]?.message).toMatch(/aliases; the limit is 50/)
})

test('the selections of all operations count, each fragment as often as it is spread', async () => {
  const names = ['id', 'name', 'description', 'seed', 'metadata', 'cursor', 'url', 'createdAt', 'startedAt', 'status']
  const fields = (count: number) => Array.from({ length: count }, (_, n) => names[n % names.length]).join(' ')
  const others = Array.from({ length: 45 }, (_, n) => `query B${n} { runs { ...G } }`).join(' ')
  const send = async (last: number) => {
    const query = `query A { runs { nodes { ...F } } } ${others}
      fragment F on Run { ${fields(last)} } fragment G on RunConnection { nodes { ${fields(100)} } }`
    const response = await fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, operationName: 'A' }),
    })
    return (await response.json()) as { errors?: { message: string }[] }
  }
  const most = limits.selections - 45 * 103 - 3
  expect((await send(most)).errors).toBeUndefined()
  expect((await send(most + 1)).errors?.[0]?.message).toMatch(/fields and fragments.*the limit is 5,000/)
})

test('introspection is within the limits', async () => {
  const { data, errors } = await t.query(getIntrospectionQuery())
  expect(errors).toBeUndefined()
  expect(data.__schema.types.length).toBeGreaterThan(50)
})

test('a page of more than 100 rows is refused with a sentence that says so', async () => {
  for (const argument of ['first: 101', 'last: 101', 'first: 0', 'first: -1']) {
    const { errors } = await t.query(`{ datasets(${argument}) { nodes { id } } }`)
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/Expected `(first|last)` to be 1–100, got -?\d+\./),
        extensions: { code: 'INVALID_INPUT' },
      },
    ])
  }
})

test('at most 100 operations run at once on one socket', async () => {
  const client = createClient({ url: `${t.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
  const answers = await Promise.all(
    Array.from({ length: 101 }, () =>
      Array.fromAsync(client.iterate({ query: '{ viewer { project { name } } }' })).catch((error) => error),
    ),
  )
  expect(answers.filter((answer) => JSON.stringify(answer).includes('At most 100 operations'))).toHaveLength(1)
  await client.dispose()
})
