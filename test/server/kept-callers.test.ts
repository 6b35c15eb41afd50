/** Callers that are not looked up for every request, until something about them may have changed. */
import { createClient } from 'graphql-ws'
import { expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { transaction } from '../../src/db/client.ts'
import { channels, type Listener } from '../../src/db/listener.ts'
import { revokeApiKey } from '../../src/engine/projects/api-keys.ts'
import type { Caller } from '../../src/server/caller.ts'
import { ChangeWatch, maxAgeMs } from '../../src/server/change-watch.ts'
import { KeptCallers } from '../../src/server/kept-callers.ts'
import { Revocation } from '../../src/server/revocation.ts'
import { recordStatements } from '../helpers/statements.ts'
import {
  admin,
  advance,
  clock,
  DeafListener,
  deaf,
  deafUrl,
  newKey,
  runs,
  statementsOf,
  t,
  untilUnread,
  useServers,
  waiting,
} from './unread-servers.ts'

useServers()

async function ask(url: string, headers: object, query = '{ viewer { role } }'): Promise<number> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  expect(await response.json()).toHaveProperty(response.ok ? 'data' : 'errors')
  return response.status
}

/** How often a key was looked up meanwhile. */
async function lookups(work: () => Promise<unknown>): Promise<number> {
  const [, statements] = await recordStatements(work)
  return statements.filter((text) => text.includes('FROM api_key')).length
}

test('a caller is looked up once a second, however many requests come at once, over HTTP and WebSocket', async () => {
  const { authorization } = await newKey()
  const headers = { authorization }
  const once = () => ask(deafUrl, headers)
  expect(await lookups(() => Promise.all(Array.from({ length: 10 }, once)))).toBe(1)
  const socket = createClient({
    url: `${deafUrl.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: headers,
  })
  const overSocket = async () => {
    for await (const { data } of socket.iterate({ query: '{ viewer { role } }' })) expect(data).toHaveProperty('viewer')
  }
  expect(await lookups(overSocket)).toBe(0)
  advance(maxAgeMs)
  expect(await lookups(once)).toBe(0)
  advance(1)
  expect(await lookups(once)).toBe(1)
  expect(await lookups(overSocket)).toBe(0)
  await socket.dispose()
})

test('other credentials, and the same ones for another project, are another caller', async () => {
  const { authorization } = await newKey()
  await ask(deafUrl, { authorization })
  expect(await lookups(() => ask(deafUrl, { authorization, 'x-assay-project': 'default' }))).toBe(1)
  const other = await newKey()
  expect(await lookups(() => ask(deafUrl, { authorization: other.authorization }))).toBe(1)
  for (const authorization of ['Bearer unknown', 'Bearer unknown']) {
    expect(await lookups(async () => expect(await ask(deafUrl, { authorization })).toBe(401))).toBe(1)
  }
})

test('a key that this server revokes is refused at once, whatever the server hears', async () => {
  const { authorization, id } = await newKey()
  await ask(deafUrl, { authorization })
  const revoke = `mutation { revokeApiKey(input: { id: "${encodeGlobalId('ApiKey', id)}" }) { __typename } }`
  expect(await ask(deafUrl, { authorization: admin }, revoke)).toBe(200)
  expect(await ask(deafUrl, { authorization })).toBe(401)
})

test('a key that another process revokes is refused once that is heard of', async () => {
  const { authorization, id } = await newKey()
  await ask(t.url, { authorization })
  await revokeApiKey(t.db, t.scope, id)
  await expect.poll(() => ask(t.url, { authorization })).toBe(401)
})

test('after a write callers are looked up again, not after a preview', async () => {
  const headers = { authorization: admin }
  const later = () => lookups(() => ask(deafUrl, headers))
  const preview = 'previewEvaluator(input: { definition: { builtin: { exactMatch: {} } }, output: 1 }) { __typename }'
  const write = `updateRun(input: { id: "${encodeGlobalId('Run', runs[0] ?? '')}", priority: 2 }) { __typename }`
  await ask(deafUrl, headers)
  await ask(deafUrl, headers, `mutation { a: ${preview} b: ${preview} }`)
  expect(await later()).toBe(0)
  await ask(deafUrl, headers, `mutation { a: ${preview} b: ${write} }`)
  expect(await later()).toBe(1)
  await ask(deafUrl, headers, `mutation { ... { ${write} } }`)
  expect(await later()).toBe(1)
  expect(await later()).toBe(0)
})

test('a lookup that began before something was heard of serves only who began it', async () => {
  const { authorization } = await newKey()
  const once = () => ask(deafUrl, { authorization })
  await transaction(t.db.pool, async (client) => {
    await client.query('LOCK TABLE api_key')
    const first = [once(), once()]
    await expect.poll(() => waiting('sha256 = $1')).toBe(1)
    deaf.hear(channels.key)
    const second = once()
    await expect.poll(() => waiting('sha256 = $1')).toBe(2)
    const all = lookups(() => Promise.all([...first, second]))
    await client.query('COMMIT')
    // The second of the first two had joined the first.
    expect(await all).toBe(1)
  })
})

test('while a server hears nothing, every request is looked up', async () => {
  const { authorization } = await newKey()
  const once = () => ask(deafUrl, { authorization })
  await once()
  deaf.isConnected = false
  expect(await lookups(() => Promise.all([once(), once()]))).toBe(2)
  deaf.isConnected = true
  expect(await lookups(once)).toBe(0)
})

test('who is found for a page of finished runs counts for other requests', async () => {
  const { authorization } = await newKey()
  await untilUnread(deafUrl, { authorization })
  advance(maxAgeMs + 1)
  expect(await statementsOf(deafUrl, { authorization })).toBe(1)
  expect(await lookups(() => ask(deafUrl, { authorization }))).toBe(0)
})

test('a lookup that fails serves only who began it', async () => {
  const kept = new KeptCallers(new ChangeWatch(new DeafListener() as unknown as Listener, clock))
  const credentials = { authorization: undefined, session: 'one', project: undefined }
  const { promise, reject } = Promise.withResolvers<Caller>()
  const first = kept.get(credentials, () => promise)
  const second = kept.get(credentials, async () => caller)
  const caller = { revocation: new Revocation() } as Caller
  reject(new Error('The connection was lost.'))
  await expect(first).rejects.toThrow('The connection was lost.')
  expect(await second).toBe(caller)
  expect(await kept.get(credentials, () => promise)).toBe(caller)
})

test('who was revoked meanwhile does not count, and of many callers the last ones do', async () => {
  const kept = new KeptCallers(new ChangeWatch(new DeafListener() as unknown as Listener, clock))
  let found = 0
  const caller = { revocation: new Revocation() } as Caller
  const get = (session: string) =>
    kept.get({ authorization: undefined, session, project: undefined }, async () => {
      found += 1
      return caller
    })
  for (let n = 0; n <= 10_000; n += 1) await get(String(n))
  await get('1')
  expect(found).toBe(10_001)
  await get('0')
  expect(found).toBe(10_002)
  caller.revocation.revoke(new Error('revoked'))
  await get('0')
  expect(found).toBe(10_003)
})
