/** Who has written something by this server gets no answer about finished runs from before. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createClient } from 'graphql-ws'
import { describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { transaction } from '../../src/db/client.ts'
import {
  admin,
  ask,
  bearer,
  datasetId,
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

/** Sends a mutation to a server that hears nothing of what it writes. */
async function mutate(input: string, value: object, authorization = admin): Promise<void> {
  const [name = '', type] = input.split(': ')
  const response = await fetch(`${deafUrl}/graphql`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`,
      variables: { input: value },
    }),
  })
  expect(await response.json()).toEqual({ data: { [name]: { __typename: expect.stringMatching(/Payload$/) } } })
}

describe('who has the answer of this server to a write sees it at once, whatever the server hears', () => {
  const scored = () => ({ target: { runItemId: encodeGlobalId('RunItem', `${runs[1]}:0`) }, name: 'good', value: 1 })
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a score',
      () => mutate('setScore: SetScoreInput', { ...scored(), dataType: 'BOOLEAN', comment: 'seen here' }),
      /seen here/,
    ],
    [
      'the settings of a run',
      () => mutate('updateRun: UpdateRunInput', { id: encodeGlobalId('Run', runs[0] ?? ''), priority: 3 }),
      /compareRuns/,
    ],
    [
      'a dataset',
      () =>
        mutate('updateDataset: UpdateDatasetInput', {
          id: encodeGlobalId('Dataset', datasetId),
          description: 'other',
        }),
      /compareRuns/,
    ],
    [
      'an import',
      async () => {
        const { name } = await t.db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId } })
        const init = { method: 'POST', headers: { authorization: admin }, body: '{"input":"imported"}\n' }
        expect((await fetch(`${deafUrl}/import/${name}`, init)).status).toBe(200)
      },
      /compareRuns/,
    ],
  ])('%s', async (_what, change, shown) => {
    const headers = { authorization: admin }
    const { tag } = await untilUnread(deafUrl, headers)
    await change()
    const after = await ask(deafUrl, headers)
    expect(after.tag).not.toBe(tag)
    expect(after.text).toMatch(shown)
  })

  test('a revoked key gets nothing', async () => {
    const { authorization, id } = await newKey()
    await untilUnread(deafUrl, { authorization })
    await mutate('revokeApiKey: RevokeApiKeyInput', { id: encodeGlobalId('ApiKey', id) })
    expect((await ask(deafUrl, { authorization })).status).toBe(401)
  })

  test('a session that was ended gets nothing', async () => {
    const fromPage = { origin: deafUrl, 'content-type': 'application/json' }
    const key = (await bearer()).slice('Bearer '.length)
    const body = JSON.stringify({ key })
    const signedIn = await fetch(`${deafUrl}/session`, { method: 'POST', headers: fromPage, body })
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    await untilUnread(deafUrl, { cookie })
    await fetch(`${deafUrl}/session`, { method: 'DELETE', headers: { ...fromPage, cookie } })
    expect((await ask(deafUrl, { cookie })).status).toBe(401)
  })

  test('while a write is being answered nothing is given unread', async () => {
    const headers = { authorization: admin }
    await untilUnread(deafUrl, headers)
    await transaction(t.db.pool, async (client) => {
      await client.query('SELECT FROM run WHERE id = $1 FOR UPDATE', [runs[0]])
      const writing = mutate('updateRun: UpdateRunInput', { id: encodeGlobalId('Run', runs[0] ?? ''), priority: 4 })
      await expect.poll(() => waiting()).toBe(1)
      expect(await statementsOf(deafUrl, headers)).toBe(1)
      await client.query('COMMIT')
      await writing
    })
    await untilUnread(deafUrl, headers)
  })

  test('a mutation over a WebSocket counts, too', async () => {
    const headers = { authorization: admin }
    const { tag } = await untilUnread(deafUrl, headers)
    const socket = createClient({
      url: `${deafUrl.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: headers,
    })
    const query = `mutation { updateRun(input: { id: "${encodeGlobalId('Run', runs[0] ?? '')}", priority: 5 }) { __typename } }`
    for await (const { data } of socket.iterate({ query })) expect(data).toHaveProperty('updateRun')
    expect((await ask(deafUrl, headers)).tag).not.toBe(tag)
    await socket.dispose()
  })

  test('a write that fails, and one whose response nobody reads, has an end', async () => {
    const headers = { authorization: admin }
    for (const path of ['import/a', 'attachments', 'session']) {
      await fetch(`${deafUrl}/${path}`, { method: 'POST', headers: { authorization: 'Bearer unknown' }, body: 'a' })
    }
    await untilUnread(deafUrl, headers)
    const { hostname, port, host } = new URL(deafUrl)
    const unread = connect(Number(port), hostname).pause()
    const large = `GET /graphiql/graphiql.js HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    const cookie = `assay_session_${port}=unknown`
    const signOut = `DELETE /session HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${deafUrl}\r\nCookie: ${cookie}\r\n\r\n`
    unread.write(`${large.repeat(20)}${signOut}`)
    await expect.poll(() => statementsOf(deafUrl, headers)).toBe(1)
    await untilUnread(deafUrl, headers)
    unread.destroy()
  })

  test('who is not known does not keep answers from being given unread', async () => {
    const headers = { authorization: admin }
    const { hostname, port, host } = new URL(deafUrl)
    const half = connect(Number(port), hostname)
    const sent = `Host: ${host}\r\nOrigin: ${deafUrl}\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue`
    half.write(`POST /session HTTP/1.1\r\n${sent}\r\n\r\n`)
    await once(half, 'data')
    await untilUnread(deafUrl, headers)
    half.destroy()
  })
})
